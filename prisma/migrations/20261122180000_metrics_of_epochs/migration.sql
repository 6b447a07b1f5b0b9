-- AlterTable
ALTER TABLE "epochs" ADD COLUMN     "metrics" JSON;
