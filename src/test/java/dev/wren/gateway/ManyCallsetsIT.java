package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.wren.protocol.CallsetId;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a start and a list cost where there are many callsets: requests to the store are counted. */
class ManyCallsetsIT {

    private static final int DONE = 60;
    private static final String QUICKLY = "--wren.executors.local.stop-timeout=100ms";
    private static final String MAP = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[\"%s\"]}";

    /** Counts the requests for objects of callsets, and those for lists. */
    private static final class Counted {

        private final FaultyStore store = new FaultyStore();
        private final Map<String, Integer> requests = new ConcurrentSkipListMap<>();

        Counted() {
            store.faults((operation, key) -> {
                if (key.contains("callsets/")) {
                    requests.merge(operation, 1, Integer::sum);
                }
                return FaultyStore.Fault.NONE;
            });
        }

        int take() {
            int sum = new TreeMap<>(requests).values().stream().mapToInt(n -> n).sum();
            requests.clear();
            return sum;
        }
    }

    @Test
    void a_start_and_a_list_look_only_at_what_they_need(@TempDir Path folder) {
        String old;
        String young;
        List<String> done;
        try (RunningGateway gateway = RunningGateway.startWithFunctions(folder, QUICKLY)) {
            Http http = gateway.http();
            old = http.map(MAP.formatted("forever"));
            done = IntStream.range(0, DONE).mapToObj(_ -> http.map(MAP.formatted("square 2"))).toList();
            done.forEach(http::done);
            young = http.map(MAP.formatted("forever"));
            http.until("/calls/" + young, callset -> callset.path("states").path("running").asInt() == 1);
        }
        Counted counted = new Counted();
        try (RunningGateway gateway = RunningGateway.start(folder, counted.store::in, QUICKLY)) {
            Http http = gateway.http();
            assertThat(counted.take()).as("requests of a start, where %d callsets are done", DONE).isLessThan(30);
            assertThat(http.callsets("state=running")).containsExactly(young, old);
            assertThat(counted.take()).as("requests of a list of those that run").isLessThan(10);
            List<String> newest = List.of(young, done.getLast(), done.get(DONE - 2), done.get(DONE - 3));
            assertThat(http.get("/calls?limit=4").json().path("items").valueStream()
                    .map(item -> item.path("callsetId").asString())).containsExactlyElementsOf(newest);
            assertThat(counted.take()).as("requests of a page of four").isLessThan(30);
            // Both are driven on.
            for (String id : List.of(old, young)) {
                assertThat(CallsetId.parse(id)).isPresent();
                assertThat(http.post("/calls/" + id + "/cancel", "").json().path("states").path("cancelled").asInt())
                        .isEqualTo(1);
            }
            assertThat(http.get("/calls?state=running").json().path("items")).isEmpty();
        }
    }

    @Test
    void those_that_run_are_listed_by_pages(@TempDir Path folder) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(folder, QUICKLY)) {
            Http http = gateway.http();
            List<String> ids = IntStream.range(0, 5).mapToObj(_ -> http.map(MAP.formatted("forever"))).toList();
            http.done(http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[]}"));
            Http.Answer first = http.get("/calls?state=running&limit=2");
            assertThat(first.json().path("items").size()).isEqualTo(2);
            // A callset that comes in between is on no later page.
            http.map(MAP.formatted("forever"));
            Http.Answer second = http.get(first.json().path("next").asString());
            Http.Answer third = http.get(second.json().path("next").asString());
            assertThat(List.of(first, second, third)).flatExtracting(page -> page.json().path("items").valueStream()
                    .map(item -> item.path("callsetId").asString()).toList()).containsExactlyElementsOf(ids.reversed());
            assertThat(third.json().path("next").isMissingNode()).isTrue();
        }
    }
}
