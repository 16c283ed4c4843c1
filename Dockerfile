# The image of `repro --on kubernetes`, and of any machine that trains in containers:
#   docker build -t tricklab . && docker run -v "$PWD/runs:/runs" tricklab repro fashionmnist-resnets/conv --out /runs
# The native engine is compiled for the processor that builds the image, so build it on a machine like those that train.
FROM node:22-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates g++ git procps \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
RUN npx -y pnpm@12 install --frozen-lockfile && mkdir -p /cache /runs && chown node:node /cache /runs
ENV TRICKLAB_CACHE=/cache
USER node
ENTRYPOINT ["node", "--import", "/app/node_modules/tsx/dist/loader.mjs", "/app/packages/cli/src/bin/tricklab.ts"]
