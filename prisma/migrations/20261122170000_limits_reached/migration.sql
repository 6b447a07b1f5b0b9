-- AlterTable
ALTER TABLE "decisions" ADD COLUMN     "limit_reached" JSON;
