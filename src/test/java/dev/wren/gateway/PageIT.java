package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.util.DigestUtils;

/** The web page: reachable by everybody, and harmless. */
class PageIT {

    private static final String[] KEY = {"--wren.security.keys[0].name=a",
            "--wren.security.keys[0].sha256=2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"};
    private static final Pattern INLINE = Pattern.compile("<style|\\sstyle=|\\son[a-z]+=|<script(?![^>]*src=)");

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void the_page_needs_no_key(boolean keys, @TempDir Path store) throws Exception {
        try (RunningGateway gateway = RunningGateway.start(store, keys ? KEY : new String[0])) {
            Http http = gateway.http();
            for (String path : new String[]{"/", "/index.html"}) {
                Http.Answer page = http.get(path, "Accept", "text/html");
                assertThat(page.status()).isEqualTo(200);
                assertThat(page.header("Content-Type")).startsWith("text/html");
                assertThat(page.header("Content-Security-Policy")).contains("default-src 'self'")
                        .doesNotContain("unsafe");
                assertThat(page.header("X-Content-Type-Options")).isEqualTo("nosniff");
                assertThat(page.header("Referrer-Policy")).isEqualTo("no-referrer");
                assertThat(page.text()).contains("/ui/app.js", "/ui/style.css").doesNotContainPattern(INLINE);
            }
            assertThat(http.get("/ui/app.js").header("Content-Type")).startsWith("text/javascript");
            assertThat(http.get("/ui/style.css").header("Content-Type")).startsWith("text/css");
            assertThat(http.get("/calls").status()).isEqualTo(keys ? 401 : 200);
            for (String path : new String[]{"/ui/../calls", "/ui/%2e%2e/calls", "/ui/;/../calls", "/ui//../calls"}) {
                assertThat(RawRequest.status(RawRequest.exchange(gateway.url(), "GET " + path
                        + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", false))).as(path).isEqualTo(400);
            }
            Http.Answer unknown = http.get("/ui/none.js");
            assertThat(unknown.status()).isEqualTo(404);
            assertThat(unknown.slug()).isEqualTo("not-found");
            assertThat(unknown.header("Content-Type")).isEqualTo("application/problem+json");
            assertThat(http.get("/calls").header("Content-Security-Policy")).isEmpty();
        }
    }

    @Test
    void browsers_ask_whether_the_page_has_changed(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.start(store)) {
            Http http = gateway.http();
            for (String path : new String[]{"/", "/ui/app.js", "/ui/style.css"}) {
                Http.Answer first = http.get(path);
                assertThat(first.header("Cache-Control")).isEqualTo("no-cache");
                assertThat(first.header("Last-Modified")).isEmpty();
                assertThat(first.header("ETag")).isEqualTo(
                        "\"" + DigestUtils.md5DigestAsHex(first.text().getBytes(StandardCharsets.UTF_8)) + "\"");
                Http.Answer second = http.get(path, "If-None-Match", first.header("ETag"));
                assertThat(second.status()).isEqualTo(304);
                assertThat(second.text()).isEmpty();
                assertThat(http.get(path, "If-None-Match", "\"other\"").status()).isEqualTo(200);
            }
        }
    }
}
