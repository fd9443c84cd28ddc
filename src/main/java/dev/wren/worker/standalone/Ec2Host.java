package dev.wren.worker.standalone;

import dev.wren.protocol.remote.RemoteHeartbeat;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * An instance of EC2, told of by its metadata service, version 2. The launch template has to let it read its tags there.
 * Safe for use by several threads.
 */
final class Ec2Host implements Host {

    static final URI ENDPOINT = URI.create("http://169.254.169.254");

    private static final String ROOT = "/latest/meta-data/";
    private static final String TAGS = ROOT + "tags/instance/";
    private static final String TOKEN = "X-aws-ec2-metadata-token";
    private static final int TOKEN_SECONDS = 21_600;
    private static final Duration TIMEOUT = Duration.ofSeconds(2);
    private static final int UNAUTHORIZED = 401;

    private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT)
            .version(HttpClient.Version.HTTP_1_1).build();
    private final URI endpoint;
    private final Facts facts;
    private volatile @Nullable String token;

    /**
     * Asks for what does not change.
     *
     * @param endpoint of the metadata service
     * @throws IOException if there is none
     */
    Ec2Host(URI endpoint) throws IOException {
        this.endpoint = endpoint;
        JsonNode identity = JsonMapper.shared().readTree(get("/latest/dynamic/instance-identity/document")
                .orElseThrow(() -> new IOException("the metadata service has no identity of this machine")));
        facts = new Facts(identity.path("instanceId").asString(), identity.path("instanceType").asString(),
                text(ROOT + "instance-life-cycle").equals("spot"), text(ROOT + "public-hostname"),
                Instant.parse(identity.path("pendingTime").asString()), text(TAGS + RemoteHeartbeat.TOKEN_TAG));
    }

    @Override
    public Facts facts() {
        return facts;
    }

    @Override
    public Sign sign() {
        if (isThere(ROOT + "spot/instance-action")) {
            return Sign.GOES;
        }
        if (isThere(TAGS + RemoteHeartbeat.DRAIN_TAG)) {
            return Sign.DRAIN;
        }
        return isThere(ROOT + "events/recommendations/rebalance") ? Sign.AT_RISK : Sign.NONE;
    }

    private String text(String path) throws IOException {
        return get(path).orElse("");
    }

    /** A service that cannot be reached now says nothing. */
    private boolean isThere(String path) {
        try {
            return get(path).isPresent();
        } catch (IOException _) {
            return false;
        }
    }

    private Optional<String> get(String path) throws IOException {
        try {
            String with = token;
            HttpResponse<String> answer = with == null ? null : ask(path, with);
            if (answer == null || answer.statusCode() == UNAUTHORIZED) {
                with = http.send(request("/latest/api/token")
                        .header("X-aws-ec2-metadata-token-ttl-seconds", Integer.toString(TOKEN_SECONDS))
                        .PUT(HttpRequest.BodyPublishers.noBody()).build(), BodyHandlers.ofString()).body();
                token = with;
                answer = ask(path, with);
            }
            return answer.statusCode() == 200 ? Optional.of(answer.body()) : Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private HttpResponse<String> ask(String path, String with) throws IOException, InterruptedException {
        return http.send(request(path).header(TOKEN, with).build(), BodyHandlers.ofString());
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(endpoint.resolve(path)).timeout(TIMEOUT);
    }
}
