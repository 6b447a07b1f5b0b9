-- AlterTable
ALTER TABLE "epochs" ADD COLUMN     "diagnostics" JSON;
