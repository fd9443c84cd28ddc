package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
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
    void without_keys_pages_of_other_sites_are_refused(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.start(store)) {
            Http.Answer answer = gateway.http().get("/calls", "Origin", "http://evil.example");
            assertThat(answer.status()).isEqualTo(403);
            assertThat(answer.slug()).isEqualTo("not-allowed");
        }
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
