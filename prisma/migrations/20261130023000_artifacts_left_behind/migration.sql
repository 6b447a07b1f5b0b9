-- CreateTable
CREATE TABLE "left_artifacts" (
    "artifact" TEXT NOT NULL,
    "dataset" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "left_artifacts_pkey" PRIMARY KEY ("artifact")
);
