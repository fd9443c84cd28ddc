# syntax=docker/dockerfile:1
# The worker as an image for Lambda, with an AOT cache: environments start in half the time (docs/performance.md).
# From the project's root: docker build -f deploy/lambda.Dockerfile -t wren-worker .
FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY .mvn .mvn
COPY mvnw pom.xml openapi.yaml ./
COPY src src
RUN --mount=type=cache,target=/root/.m2 ./mvnw -DskipTests package

FROM eclipse-temurin:25-jre
WORKDIR /var/task
COPY --from=build /src/target/wren-lambda.jar ./
# Made by the same Java machine, with the same jar at the same place, as it is used.
RUN java -cp /var/task/wren-lambda.jar dev.wren.worker.lambda.LambdaTraining /var/task/wren.aot \
        -XX:+UseSerialGC -XX:MaxRAMPercentage=75
ENTRYPOINT ["java", "-XX:+UseSerialGC", "-XX:MaxRAMPercentage=75", "-XX:AOTCache=/var/task/wren.aot", \
    "--enable-native-access=ALL-UNNAMED", "-cp", "/var/task/wren-lambda.jar", \
    "com.amazonaws.services.lambda.runtime.api.client.AWSLambda"]
CMD ["dev.wren.worker.lambda.LambdaWorker::handleRequest"]
