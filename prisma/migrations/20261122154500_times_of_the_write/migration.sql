-- Rows carry the time of their own write: now() is the transaction's start, which may lie before a wait for the experiment's lock.
-- AlterTable
ALTER TABLE "api_keys" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "artifacts" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "assignments" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "attempts" ALTER COLUMN "started_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "datasets" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "experiments" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "trials" ALTER COLUMN "created_at" SET DEFAULT clock_timestamp();

-- AlterTable
ALTER TABLE "workers" ALTER COLUMN "started_at" SET DEFAULT clock_timestamp();
