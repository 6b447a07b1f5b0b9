-- The first tables: everything the whole loop needs, with owners and keys from the start.
-- CreateEnum
CREATE TYPE "experiment_state" AS ENUM ('QUEUED', 'RUNNING', 'PAUSED', 'SUCCEEDED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "trial_state" AS ENUM ('PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "run_state" AS ENUM ('QUEUED', 'RUNNING', 'COMPLETED', 'DIVERGED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "assignment_state" AS ENUM ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED');

-- CreateEnum
CREATE TYPE "run_purpose" AS ENUM ('fit', 'finals', 'probe', 'baseline', 'finalise');

-- CreateEnum
CREATE TYPE "next_step" AS ENUM ('INCREASE_CAPACITY', 'DECREASE_CAPACITY', 'DONE');

-- CreateEnum
CREATE TYPE "attempt_end" AS ENUM ('completed', 'crashed', 'lease_lost', 'released', 'cancelled', 'failed');

-- CreateTable
CREATE TABLE "datasets" (
    "owner" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "row_count" BIGINT NOT NULL,
    "columns" JSON NOT NULL,
    "warnings" TEXT[],
    "suggested_target" TEXT,
    "suggested_task" TEXT,
    "columns_artifact" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "datasets_pkey" PRIMARY KEY ("owner","id")
);

-- CreateTable
CREATE TABLE "experiments" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "spec" JSON NOT NULL,
    "plan" JSON NOT NULL,
    "policy_version" TEXT NOT NULL,
    "state" "experiment_state" NOT NULL DEFAULT 'QUEUED',
    "state_reason" TEXT,
    "engine_fingerprint" TEXT,
    "answer" JSON,
    "event_count" INTEGER NOT NULL DEFAULT 0,
    "idempotency_key" TEXT,
    "request_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "experiments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trials" (
    "id" TEXT NOT NULL,
    "experiment_id" TEXT NOT NULL,
    "number" INTEGER,
    "hidden_layers" INTEGER NOT NULL,
    "nodes_per_layer" INTEGER NOT NULL,
    "parameter_count" BIGINT NOT NULL,
    "state" "trial_state" NOT NULL DEFAULT 'PENDING',
    "speculative" BOOLEAN NOT NULL,
    "score" DOUBLE PRECISION,
    "metrics" JSON,
    "next_step" "next_step",
    "verdict" TEXT,
    "winner" BOOLEAN NOT NULL DEFAULT false,
    "recipe" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "trials_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "assignments" (
    "id" TEXT NOT NULL,
    "experiment_id" TEXT NOT NULL,
    "trial_id" TEXT NOT NULL,
    "priority" INTEGER NOT NULL,
    "state" "assignment_state" NOT NULL DEFAULT 'QUEUED',
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "worker_id" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "dispatched_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "assignments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "experiment_id" TEXT NOT NULL,
    "trial_id" TEXT NOT NULL,
    "assignment_id" TEXT NOT NULL,
    "content_hash" TEXT NOT NULL,
    "purpose" "run_purpose" NOT NULL,
    "seed" BIGINT NOT NULL,
    "fold" INTEGER NOT NULL,
    "learning_rate" DOUBLE PRECISION NOT NULL,
    "decision" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "state" "run_state" NOT NULL DEFAULT 'QUEUED',
    "result" JSON,
    "reused_from" TEXT,
    "epochs" INTEGER NOT NULL DEFAULT 0,
    "ended_by" INTEGER,
    "checkpoint_artifact" TEXT,
    "checkpoint_attempt" INTEGER,
    "checkpoint_epoch" INTEGER,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "attempts" (
    "assignment_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "experiment_id" TEXT NOT NULL,
    "worker_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "ended_at" TIMESTAMPTZ(3),
    "end" "attempt_end",
    "detail" TEXT,

    CONSTRAINT "attempts_pkey" PRIMARY KEY ("assignment_id","number")
);

-- CreateTable
CREATE TABLE "epochs" (
    "run_id" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "attempt" INTEGER NOT NULL,
    "training_loss" DOUBLE PRECISION NOT NULL,
    "validation_loss" DOUBLE PRECISION NOT NULL,
    "learning_rate" DOUBLE PRECISION NOT NULL,

    CONSTRAINT "epochs_pkey" PRIMARY KEY ("run_id","epoch")
);

-- CreateTable
CREATE TABLE "decisions" (
    "experiment_id" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "text" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("experiment_id","sequence")
);

-- CreateTable
CREATE TABLE "events" (
    "experiment_id" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "data" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "events_pkey" PRIMARY KEY ("experiment_id","sequence")
);

-- CreateTable
CREATE TABLE "outbox" (
    "assignment_id" TEXT NOT NULL,
    "dispatch" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("assignment_id","dispatch")
);

-- CreateTable
CREATE TABLE "workers" (
    "id" TEXT NOT NULL,
    "machine" TEXT NOT NULL,
    "process_id" INTEGER NOT NULL,
    "slots" INTEGER NOT NULL,
    "engines" TEXT[],
    "fingerprint" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "memory_bytes" BIGINT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "workers_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "artifacts" (
    "owner" TEXT NOT NULL,
    "id" TEXT NOT NULL,
    "size_bytes" BIGINT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),

    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("owner","id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "counters" (
    "name" TEXT NOT NULL,
    "value" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "counters_pkey" PRIMARY KEY ("name")
);

-- CreateIndex
CREATE INDEX "datasets_owner_created_at_id_idx" ON "datasets"("owner", "created_at", "id");

-- CreateIndex
CREATE INDEX "experiments_owner_created_at_id_idx" ON "experiments"("owner", "created_at", "id");

-- CreateIndex
CREATE INDEX "experiments_state_idx" ON "experiments"("state");

-- CreateIndex
CREATE UNIQUE INDEX "experiments_owner_idempotency_key_key" ON "experiments"("owner", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "trials_experiment_id_number_key" ON "trials"("experiment_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "trials_experiment_id_hidden_layers_nodes_per_layer_key" ON "trials"("experiment_id", "hidden_layers", "nodes_per_layer");

-- CreateIndex
CREATE INDEX "assignments_experiment_id_idx" ON "assignments"("experiment_id");

-- CreateIndex
CREATE INDEX "assignments_trial_id_idx" ON "assignments"("trial_id");

-- CreateIndex
CREATE INDEX "assignments_state_dispatched_at_idx" ON "assignments"("state", "dispatched_at");

-- CreateIndex
CREATE INDEX "runs_experiment_id_decision_position_idx" ON "runs"("experiment_id", "decision", "position");

-- CreateIndex
CREATE INDEX "runs_experiment_id_state_idx" ON "runs"("experiment_id", "state");

-- CreateIndex
CREATE INDEX "runs_trial_id_idx" ON "runs"("trial_id");

-- CreateIndex
CREATE INDEX "runs_assignment_id_idx" ON "runs"("assignment_id");

-- CreateIndex
CREATE INDEX "runs_content_hash_idx" ON "runs"("content_hash");

-- CreateIndex
CREATE INDEX "attempts_experiment_id_idx" ON "attempts"("experiment_id");

-- CreateIndex
CREATE INDEX "outbox_priority_created_at_idx" ON "outbox"("priority", "created_at");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "api_keys_owner_idx" ON "api_keys"("owner");

-- AddForeignKey
ALTER TABLE "trials" ADD CONSTRAINT "trials_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "assignments" ADD CONSTRAINT "assignments_trial_id_fkey" FOREIGN KEY ("trial_id") REFERENCES "trials"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "runs" ADD CONSTRAINT "runs_assignment_id_fkey" FOREIGN KEY ("assignment_id") REFERENCES "assignments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "attempts" ADD CONSTRAINT "attempts_assignment_id_fkey" FOREIGN KEY ("assignment_id") REFERENCES "assignments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "epochs" ADD CONSTRAINT "epochs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_experiment_id_fkey" FOREIGN KEY ("experiment_id") REFERENCES "experiments"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_assignment_id_fkey" FOREIGN KEY ("assignment_id") REFERENCES "assignments"("id") ON DELETE CASCADE ON UPDATE CASCADE;
