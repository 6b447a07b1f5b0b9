-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "max_epochs" INTEGER;
