-- AlterTable
ALTER TABLE "assignments" ADD COLUMN     "adopted_at" TIMESTAMPTZ(3),
ADD COLUMN     "speculative" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "runs" ALTER COLUMN "decision" DROP NOT NULL,
ALTER COLUMN "position" DROP NOT NULL;
