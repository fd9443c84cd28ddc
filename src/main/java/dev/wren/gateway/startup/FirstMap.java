package dev.wren.gateway.startup;

import com.github.benmanes.caffeine.cache.Ticker;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Locale;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.annotation.Order;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A first map, run in front of whoever has started the gateway with {@code wren.first-map}: it uploads the jar of that
 * path and estimates π over HTTP, as any program could.
 */
@Component
@ConditionalOnProperty("wren.first-map")
final class FirstMap {

    private static final Logger log = LoggerFactory.getLogger(FirstMap.class);
    private static final int DATA = 1000;
    private static final int THROWS = 200_000;
    private static final int WIDTH = 40;

    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final JsonMapper json = JsonMapper.shared();
    private final Environment environment;
    private final Path jar;
    private final Ticker ticker;

    FirstMap(Environment environment, Ticker ticker) {
        this.ticker = ticker;
        this.environment = environment;
        this.jar = Path.of(environment.getRequiredProperty("wren.first-map"));
    }

    @Order(2)
    @EventListener(ApplicationReadyEvent.class)
    void start() {
        if (environment.containsProperty("wren.security.keys[0].sha256")) {
            log.info("no first map: the gateway asks for API keys");
            return;
        }
        Thread.ofVirtual().name("first-map").start(() -> {
            try {
                run("http://localhost:" + environment.getRequiredProperty("local.server.port"), System.out);
            } catch (IOException | RuntimeException e) {
                log.error("the first map failed: {}", e.getMessage());
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
    }

    private void run(String gateway, PrintStream out) throws IOException, InterruptedException {
        send(HttpRequest.newBuilder(URI.create(gateway + "/jars/examples"))
                .header("Content-Type", "application/java-archive")
                .PUT(HttpRequest.BodyPublishers.ofFile(jar)));
        ObjectNode map = json.createObjectNode();
        map.putObject("function").put("jar", "examples").put("handler", "dev.wren.examples.Pi");
        ArrayNode data = map.putArray("iterdata");
        for (int seed = 0; seed < DATA; seed++) {
            data.addObject().put("seed", seed).put("count", THROWS);
        }
        out.printf(Locale.ROOT, "%nMapping dev.wren.examples.Pi over %,d data, %,d points each:%n", DATA, THROWS);
        long begun = ticker.read();
        JsonNode callset = send(HttpRequest.newBuilder(URI.create(gateway + "/calls"))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(map.toString())));
        String self = gateway + callset.path("links").path("self").asString();
        while (!callset.path("done").asBoolean()) {
            callset = send(HttpRequest.newBuilder(URI.create(self + "?wait=0.2")).GET());
            progress(out, callset.path("states").path("success").asInt());
        }
        double seconds = (ticker.read() - begun) / 1e9;
        long hits = 0;
        long count = 0;
        for (JsonNode result : send(HttpRequest.newBuilder(URI.create(self + "/results")).GET())) {
            hits += result.path("hits").asLong();
            count += result.path("count").asLong();
        }
        out.printf(Locale.ROOT, "%n%n  π ≈ %.6f   %,d calls in %.1f s, %,.0f calls/s%n%n", 4.0 * hits / count, DATA,
                seconds, DATA / seconds);
        out.printf("  this callset   %s%n  web page       %s/%n  Swagger UI     %s/swagger-ui.html%n", self,
                gateway, gateway);
        String management = environment.getProperty("local.management.port");
        if (management != null) {
            out.printf("  metrics        http://localhost:%s/actuator/prometheus%n", management);
        }
        out.printf("%nThe gateway stays up; Ctrl-C ends it.%n");
        out.flush();
    }

    private static void progress(PrintStream out, int done) {
        int filled = WIDTH * done / DATA;
        out.printf(Locale.ROOT, "\r  [%s%s] %,d of %,d", "=".repeat(filled), " ".repeat(WIDTH - filled), done, DATA);
        out.flush();
    }

    private JsonNode send(HttpRequest.Builder request) throws IOException, InterruptedException {
        HttpResponse<String> answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() >= 300) {
            throw new IOException("HTTP " + answer.statusCode() + ": " + answer.body());
        }
        return json.readTree(answer.body());
    }
}
