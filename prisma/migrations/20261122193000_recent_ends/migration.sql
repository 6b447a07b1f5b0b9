-- CreateIndex
CREATE INDEX "runs_ended_at_idx" ON "runs"("ended_at");

-- CreateIndex
CREATE INDEX "attempts_started_at_idx" ON "attempts"("started_at");

-- CreateIndex
CREATE INDEX "attempts_ended_at_idx" ON "attempts"("ended_at");
