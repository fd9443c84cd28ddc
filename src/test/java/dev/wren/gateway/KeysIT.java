package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who may call. */
class KeysIT {

    private static String hash(String key) throws Exception {
        return HexFormat.of().formatHex(
                MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void without_keys_it_refuses_to_listen_to_others(@TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway.start(store, "--server.address=0.0.0.0").close())
                .rootCause().hasMessageContaining("wren.security.keys");
    }

    @Test
    void one_key_is_not_two_tenants(@TempDir Path store) {
        assertThatThrownBy(() -> RunningGateway.start(store, "--wren.security.keys[0].name=a",
                "--wren.security.keys[0].sha256=" + hash("k"), "--wren.security.keys[1].name=b",
                "--wren.security.keys[1].sha256=" + hash("k").toUpperCase(Locale.ROOT),
                "--wren.security.keys[1].tenant=blue").close())
                .hasStackTraceContaining("a and b are the same key");
    }

    /** A name that leads to this machine by a name server's word alone must not do: that is how a page gets in. */
    @Test
    void without_keys_it_answers_to_this_machine_only(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = RunningGateway.start(store)) {
            int port = URI.create(gateway.url()).getPort();
            for (String host : List.of("localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]",
                    "[0:0:0:0:0:0:0:1]")) {
                assertThat(status(gateway, host + ":" + port, null)).as(host).isEqualTo(200);
                assertThat(status(gateway, host + ":" + port, "http://" + host + ":" + port)).as(host).isEqualTo(200);
                assertThat(status(gateway, host, "http://" + host)).as(host + " on port 80").isEqualTo(200);
            }
            for (String host : List.of("127.attacker.example", "127.0.0.1.attacker.example", "evil.example",
                    "localhost.evil.example", "0.0.0.0", "10.0.0.1", "[::ffff:10.0.0.1]", "[::2]")) {
                assertThat(status(gateway, host + ":" + port, null)).as(host).isEqualTo(403);
                assertThat(status(gateway, host + ":" + port, "http://" + host + ":" + port)).as(host).isEqualTo(403);
            }
            for (String origin : List.of("http://evil.example", "http://localhost", "https://localhost:" + port,
                    "http://localhost:" + (port + 1), "http://127.attacker.example:" + port, "null", "%")) {
                assertThat(status(gateway, "localhost:" + port, origin)).as(origin).isEqualTo(403);
            }
            assertThat(status(gateway, "localhost", "https://localhost")).isEqualTo(403);
            Http.Answer answer = gateway.http().get("/calls", "Origin", "http://evil.example");
            assertThat(answer.slug()).isEqualTo("not-allowed");
        }
    }

    private static int status(RunningGateway gateway, String host, String origin) throws IOException {
        return RawRequest.status(RawRequest.exchange(gateway.url(), "GET /calls HTTP/1.1\r\nHost: " + host + "\r\n"
                + (origin == null ? "" : "Origin: " + origin + "\r\n") + "Connection: close\r\n\r\n", false));
    }

    @Test
    void with_keys_each_tenant_sees_its_own(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = RunningGateway.start(store, "--wren.security.keys[0].name=a",
                "--wren.security.keys[0].sha256=" + hash("secret-a"), "--wren.security.keys[0].tenant=red",
                "--wren.security.keys[1].name=b", "--wren.security.keys[1].sha256=" + hash("secret-b"),
                "--wren.security.keys[1].tenant=blue")) {
            Http http = gateway.http();
            Http.Answer none = http.get("/calls");
            assertThat(none.status()).isEqualTo(401);
            assertThat(none.header("WWW-Authenticate")).isEqualTo("Bearer");
            assertThat(none.slug()).isEqualTo("unauthorized");
            assertThat(http.get("/calls", "Authorization", "Bearer secret-c").status()).isEqualTo(401);
            assertThat(http.get("/calls", "Authorization", "Bearer secret-a").status()).isEqualTo(200);
            assertThat(http.get("/v3/api-docs").status()).isEqualTo(200);
            String[] red = {"Authorization", "Bearer secret-a"};
            String[] blue = {"Authorization", "Bearer secret-b"};
            assertThat(http.putJar("fn", RunningGateway.FUNCTIONS, red).status()).isEqualTo(201);
            String map = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[3]}";
            String id = http.post("/calls", map, red).json().path("callsetId").asString();
            assertThat(http.get("/calls/" + id + "/00000/result", red).text()).isEqualTo("9");
            assertThat(http.get("/calls/" + id + "/00000/result", blue).status()).isEqualTo(404);
            assertThat(http.get("/jars/fn", blue).status()).isEqualTo(404);
            assertThat(http.get("/calls", blue).json().path("items").size()).isZero();
            assertThat(http.post("/calls", map, blue).status()).isEqualTo(422);
        }
    }
}
