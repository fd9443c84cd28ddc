# syntax=docker/dockerfile:1
FROM eclipse-temurin:25-jdk AS build
WORKDIR /src
COPY .mvn .mvn
COPY mvnw pom.xml openapi.yaml ./
COPY src src
RUN --mount=type=cache,target=/root/.m2 ./mvnw -DskipTests package \
    && java -Djarmode=tools -jar target/wren-gateway-*-SNAPSHOT.jar extract --layers --launcher --destination /extracted

# Workers are child JVMs: the image needs a whole Java runtime.
FROM eclipse-temurin:25-jre
RUN useradd --system --uid 10001 --create-home wren && mkdir /data && chown wren /data
WORKDIR /app
COPY --from=build /extracted/dependencies/ ./
COPY --from=build /extracted/spring-boot-loader/ ./
COPY --from=build /extracted/snapshot-dependencies/ ./
COPY --from=build /extracted/application/ ./
USER wren
VOLUME /data
# On another address than loopback the gateway starts with API keys only: see docker-compose.yml. Health and metrics, on
# 8081, need no key: publish that port to nobody but those who scrape it.
ENV WREN_STORE=/data SERVER_ADDRESS=0.0.0.0 MANAGEMENT_SERVER_ADDRESS=0.0.0.0
EXPOSE 8080 8081
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8081 && printf 'GET /actuator/health/liveness HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q 200"]
ENTRYPOINT ["java", "org.springframework.boot.loader.launch.JarLauncher"]
