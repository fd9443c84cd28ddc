package dev.wren.gateway.jar;

import static dev.wren.gateway.jar.JarFixture.jar;
import static org.assertj.core.api.Assertions.assertThat;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.put;

import dev.wren.gateway.web.Tenant;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.http.HttpHeaders;
import org.springframework.mock.web.MockHttpServletResponse;
import org.springframework.test.web.servlet.MockMvc;
import org.springframework.test.web.servlet.request.MockHttpServletRequestBuilder;
import org.springframework.test.web.servlet.setup.MockMvcBuilders;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class JarControllerTest {

    private static final String JAR = "application/java-archive";

    private JarFixture fixture;
    private MockMvc http;

    @BeforeEach
    void open(@TempDir Path folder) {
        fixture = new JarFixture(folder);
        http = MockMvcBuilders.standaloneSetup(new JarController(fixture.jars())).build();
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {JAR, "application/octet-stream"})
    void puts_by_either_media_type(String type) throws Exception {
        MockHttpServletResponse first = send(put("/jars/my.job.jar").contentType(type).content(jar("a")));
        assertThat(first.getStatus()).isEqualTo(201);
        JsonNode body = json(first);
        assertThat(body.propertyNames()).containsExactlyInAnyOrder("name", "sha256", "size", "createdAt");
        assertThat(body.get("name").asString()).isEqualTo("my.job.jar");
        assertThat(body.get("createdAt").asString()).isEqualTo("2026-01-02T03:04:05.678Z");

        MockHttpServletResponse again = send(put("/jars/my.job.jar").contentType(type).content(jar("a")));
        assertThat(again.getStatus()).isEqualTo(200);
        assertThat(json(again)).isEqualTo(body);
        assertThat(json(send(get("/jars/my.job.jar")))).isEqualTo(body);
    }

    @Test
    void takes_no_other_media_type() throws Exception {
        assertThat(send(put("/jars/job").contentType("text/plain").content("a")).getStatus()).isEqualTo(415);
    }

    @Test
    void deletes() throws Exception {
        fixture.put("job", jar("a"));
        MockHttpServletResponse gone = send(delete("/jars/job"));
        assertThat(gone.getStatus()).isEqualTo(204);
        assertThat(gone.getContentAsByteArray()).isEmpty();
    }

    @Test
    void pages_follow_one_another() throws Exception {
        List<String> names = List.of("a", "b", "c", "d", "e");
        for (String name : names) {
            fixture.put(name, jar(name));
        }
        List<String> seen = new ArrayList<>();
        List<Integer> sizes = new ArrayList<>();
        String next = "/jars?limit=2";
        while (next != null) {
            MockHttpServletResponse page = send(get(next));
            JsonNode items = json(page).get("items");
            items.forEach(item -> seen.add(item.get("name").asString()));
            sizes.add(items.size());
            next = json(page).has("next") ? json(page).get("next").asString() : null;
            assertThat(page.getHeader(HttpHeaders.LINK))
                    .isEqualTo(next == null ? null : "<" + next + ">; rel=\"next\"");
        }
        assertThat(seen).isEqualTo(names);
        assertThat(sizes).containsExactly(2, 2, 1);
        assertThat(json(send(get("/jars?limit=5"))).has("next")).isFalse();
    }

    private MockHttpServletResponse send(MockHttpServletRequestBuilder request) throws Exception {
        return http.perform(request.requestAttr(Tenant.ATTRIBUTE, JarFixture.TENANT)).andReturn().getResponse();
    }

    private static JsonNode json(MockHttpServletResponse response) throws Exception {
        return JsonMapper.shared().readTree(response.getContentAsByteArray());
    }
}
