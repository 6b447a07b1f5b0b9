-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "previous_checkpoint_artifact" TEXT,
ADD COLUMN     "previous_checkpoint_epoch" INTEGER;

-- CreateTable
CREATE TABLE "unneeded_checkpoints" (
    "artifact" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "unneeded_checkpoints_pkey" PRIMARY KEY ("artifact")
);
