package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Lists in pages: all of it, once, in order, whatever is written in between. */
class PagingIT {

    private static String map(Http http, String tags) {
        return http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[],\"tags\":" + tags
                + "}");
    }

    @Test
    void cursors_survive_writes_in_between_and_a_restart(@TempDir Path store) {
        List<String> old = new ArrayList<>();
        List<String> seen = new ArrayList<>();
        String next;
        try (RunningGateway first = RunningGateway.startWithFunctions(store)) {
            for (int i = 0; i < 25; i++) {
                old.addFirst(map(first.http(), "{}"));
            }
            Http.Answer answer = first.http().get("/calls?limit=10");
            answer.json().path("items").forEach(item -> seen.add(item.path("callsetId").asString()));
            next = answer.json().path("next").asString();
            assertThat(answer.header("Link")).isEqualTo("<" + next + ">; rel=\"next\"");
            map(first.http(), "{}");
            first.http().delete("/calls/" + old.get(9));
            first.http().delete("/calls/" + old.get(15));
            first.http().putJar("a", RunningGateway.EXAMPLES);
            first.http().putJar("b", RunningGateway.EXAMPLES);
        }
        try (RunningGateway second = RunningGateway.start(store)) {
            map(second.http(), "{}");
            while (!next.isEmpty()) {
                JsonNode page = second.http().get(next).json();
                page.path("items").forEach(item -> seen.add(item.path("callsetId").asString()));
                next = page.path("next").asString("");
            }
            old.remove(15);
            assertThat(seen).isEqualTo(old);
            Http.Answer jars = second.http().get("/jars?limit=2");
            assertThat(jars.json().path("items").size()).isEqualTo(2);
            assertThat(second.http().get(jars.json().path("next").asString()).json().path("items").get(0).path("name")
                    .asString()).isEqualTo("fn");
        }
    }

    /** Whatever is made and deleted between pages: all that was there throughout is shown once, in order. */
    @Test
    void random_writes_between_pages_hide_and_repeat_nothing(@TempDir Path store) {
        Random random = new Random(11);
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            Http http = gateway.http();
            List<String> there = new ArrayList<>();
            for (int round = 0; round < 12; round++) {
                while (there.size() < 30) {
                    there.addFirst(map(http, "{}"));
                }
                List<String> throughout = new ArrayList<>(there);
                List<String> seen = new ArrayList<>();
                String next = "/calls?limit=" + (1 + random.nextInt(9));
                while (!next.isEmpty()) {
                    JsonNode page = http.get(next).json();
                    page.path("items").forEach(item -> seen.add(item.path("callsetId").asString()));
                    next = page.path("next").asString("");
                    for (int i = random.nextInt(3); i > 0; i--) {
                        if (random.nextBoolean()) {
                            there.addFirst(map(http, "{}"));
                        } else {
                            String gone = there.remove(random.nextInt(there.size()));
                            throughout.remove(gone);
                            http.delete("/calls/" + gone);
                        }
                    }
                }
                assertThat(seen).doesNotHaveDuplicates().isSortedAccordingTo(Collections.reverseOrder())
                        .containsSubsequence(throughout);
            }
        }
    }

    @Test
    void filters_hold_together_and_pages_of_any_size_give_the_same(@TempDir Path store) {
        Random random = new Random(7);
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            Http http = gateway.http();
            List<String> red = new ArrayList<>();
            List<String> redRound = new ArrayList<>();
            List<String> all = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                boolean isRed = random.nextBoolean();
                boolean isRound = random.nextBoolean();
                String id = map(http, "{\"color\":\"" + (isRed ? "red & b" : "blue") + "\",\"shape\":\""
                        + (isRound ? "round" : "flat") + "\"}");
                all.add(id);
                if (isRed) {
                    red.add(id);
                    if (isRound) {
                        redRound.add(id);
                    }
                }
            }
            Collections.reverse(all);
            Collections.reverse(red);
            Collections.reverse(redRound);
            String running = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":"
                    + "[\"forever\"]}");
            for (int limit : List.of(1, 3, 7, 1000)) {
                assertThat(http.callsets("limit=" + limit + "&state=done")).isEqualTo(all);
                assertThat(http.callsets("limit=" + limit + "&state=running")).containsExactly(running);
                assertThat(http.callsets("limit=" + limit + "&tag=color:red%20%26%20b")).isEqualTo(red);
                assertThat(http.callsets("limit=" + limit + "&tag=color:red%20%26%20b&tag=shape:round&executor=local"))
                        .isEqualTo(redRound);
                assertThat(http.callsets("limit=" + limit + "&executor=moon")).isEmpty();
            }
            String cursor = http.get("/calls?limit=1").json().path("next").asString();
            assertThat(http.get(cursor + "&state=done").status()).as("other filters").isEqualTo(400);
            assertThat(http.get("/jars?" + cursor.substring(cursor.indexOf('?') + 1)).status()).isEqualTo(400);
            assertThat(http.get("/calls?tag=nocolon").status()).isEqualTo(400);
            http.delete("/calls/" + running);
        }
    }

    @Test
    void a_request_looks_at_a_bounded_number_and_says_where_to_go_on(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, "--wren.callsets.max-scan=10")) {
            Http http = gateway.http();
            List<String> rare = new ArrayList<>();
            for (int i = 0; i < 45; i++) {
                String id = map(http, "{\"kind\":\"" + (i % 20 == 3 ? "rare" : "common") + "\"}");
                if (i % 20 == 3) {
                    rare.addFirst(id);
                }
            }
            assertThat(http.get("/calls?tag=kind:rare").json().path("next").asString("")).isNotEmpty();
            assertThat(http.callsets("tag=kind:rare")).isEqualTo(rare);
            assertThat(http.callsets("limit=7")).hasSize(45);
        }
    }

    @Test
    void futures_of_any_state_in_pages_of_any_size(@TempDir Path store) {
        Random random = new Random(3);
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            Http http = gateway.http();
            List<String> good = new ArrayList<>();
            List<String> bad = new ArrayList<>();
            StringBuilder data = new StringBuilder();
            for (int i = 0; i < 137; i++) {
                boolean fails = random.nextInt(4) == 0;
                (fails ? bad : good).add("%05d".formatted(i));
                data.append(i == 0 ? "" : ",").append(fails ? "\"throw x\"" : "\"square 2\"");
            }
            String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[" + data
                    + "]}");
            http.done(id);
            for (int limit : List.of(1, 2, 10, 136, 137, 138, 1000)) {
                assertThat(futures(http, id, "limit=" + limit + "&state=error")).isEqualTo(bad);
                assertThat(futures(http, id, "limit=" + limit + "&state=success")).isEqualTo(good);
                assertThat(futures(http, id, "limit=" + limit)).hasSize(137).isSorted().doesNotHaveDuplicates();
                assertThat(futures(http, id, "limit=" + limit + "&state=new")).isEmpty();
            }
        }
    }

    private static List<String> futures(Http http, String id, String query) {
        List<String> ids = new ArrayList<>();
        String next = "/calls/" + id + "/futures?" + query;
        while (!next.isEmpty()) {
            Http.Answer page = http.get(next);
            page.json().path("items").forEach(item -> ids.add(item.path("callId").asString()));
            next = page.json().path("next").asString("");
            assertThat(page.header("Link").isEmpty()).isEqualTo(next.isEmpty());
        }
        return ids;
    }
}
