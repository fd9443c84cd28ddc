package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Three gateways on one store on S3: whichever is asked, the answer is the same. */
@BesideOthers
class GatewaysIT {

    private static final int SHARDS = 16;
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private static Path folder;
    private static final List<RunningGateway> GATEWAYS = new ArrayList<>();
    private static final List<FaultyStore> STORES = new ArrayList<>();
    private static final List<Http> ALL = new ArrayList<>();
    /** One callset that each gateway has accepted, and so drives. */
    private static final List<String> CALLSETS = new ArrayList<>();

    private static RunningGateway start() {
        FaultyStore store = new FaultyStore();
        STORES.add(store);
        return RunningGateway.start(folder, store::in, Stream.concat(TestStore.onS3(folder).stream(),
                Stream.of("--wren.gateways.lease=5s")).toArray(String[]::new));
    }

    @BeforeAll
    static void startAll() {
        for (int i = 0; i < 3; i++) {
            GATEWAYS.add(start());
        }
        GATEWAYS.forEach(gateway -> ALL.add(gateway.http()));
        ALL.getFirst().putJar("fn", RunningGateway.FUNCTIONS);
        awaitShares(GATEWAYS);
        for (Http http : ALL) {
            String id = map(http, "fn.Square", "[1,2,3]");
            CALLSETS.add(id);
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(3);
        }
    }

    @AfterAll
    static void stopAll() {
        GATEWAYS.forEach(RunningGateway::close);
    }

    private static void awaitShares(List<RunningGateway> gateways) {
        await().atMost(SOON).untilAsserted(() -> {
            List<Integer> sizes = gateways.stream().map(each -> held(each).size()).sorted().toList();
            assertThat(sizes.stream().mapToInt(each -> each).sum()).isEqualTo(SHARDS);
            assertThat(sizes.getLast() - sizes.getFirst()).isLessThanOrEqualTo(1);
        });
        // All know of all.
        await().atMost(SOON).untilAsserted(() -> gateways
                .forEach(each -> assertThat(each.http().get("/calls").status()).isEqualTo(200)));
    }

    private static Set<Integer> held(RunningGateway gateway) {
        return gateway.bean(HeldShards.class).all();
    }

    /** Which gateway drives the callset now: a shard goes to another whenever a gateway has joined or left. */
    private static int driver(String callset) {
        CallsetId id = CallsetId.parse(callset).orElseThrow();
        return await().atMost(SOON).until(() -> IntStream.range(0, GATEWAYS.size())
                .filter(i -> GATEWAYS.get(i).bean(HeldShards.class).drives(id)).findFirst(), OptionalInt::isPresent)
                .getAsInt();
    }

    /** Another gateway. */
    private static int other(int gateway) {
        return (gateway + 1) % GATEWAYS.size();
    }

    private static String map(Http http, String handler, String data) {
        return http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"" + handler + "\"},\"iterdata\":" + data + "}");
    }

    private static List<String> ask(String path, String... headers) {
        return ALL.stream().map(http -> http.get(path, headers)).map(answer -> answer.status() + " " + answer.text())
                .distinct().toList();
    }

    @Test
    void each_answers_for_the_callsets_of_all() {
        for (String id : CALLSETS) {
            for (String path : List.of("", "/futures?limit=2", "/00001", "/00001?wait=1", "/00001/result",
                    "/00001/logs", "/results", "/events")) {
                assertThat(ask("/calls/" + id + path)).as(path).hasSize(1).first().asString().startsWith("200 ");
            }
            assertThat(ask("/calls/" + id + "/results", "Accept", "application/x-ndjson")).hasSize(1)
                    .first().asString().contains("\"result\":9");
            assertThat(ALL.stream().map(http -> http.get("/calls/" + id).header("etag")).distinct().toList())
                    .hasSize(1);
            String etag = ALL.getFirst().get("/calls/" + id).header("etag");
            assertThat(ask("/calls/" + id, "If-None-Match", etag)).containsExactly("304 ");
            assertThat(ask("/calls/" + id + "/99999")).hasSize(1).first().asString().startsWith("404 ");
            assertThat(ask("/calls/" + id + "?wait=-1")).hasSize(1).first().asString().startsWith("400 ")
                    .contains("\"parameter\":\"wait\"");
        }
    }

    @Test
    void a_read_of_anothers_callset_is_one_hop() {
        for (String path : List.of("", "/00001", "/00001/result", "/results")) {
            int driver = driver(CALLSETS.get(1));
            double before = passedOn();
            assertThat(ALL.get(other(driver)).get("/calls/" + CALLSETS.get(1) + path).status()).isEqualTo(200);
            // Counted when the last byte has gone: perhaps just after that was read here.
            await().atMost(SOON).until(() -> passedOn() - before >= 1);
            assertThat(passedOn() - before).as(path).isEqualTo(1);
        }
    }

    /** In turn in one run: a callset of one's own, another's by a hop, and the two reads of the store that would do instead. */
    @Test
    void a_hop_is_measured_beside_what_it_stands_for() {
        ObjectStore store = GATEWAYS.getFirst().bean(ObjectStore.class);
        CallsetId id = CallsetId.parse(CALLSETS.get(1)).orElseThrow();
        Http own = ALL.get(driver(CALLSETS.get(1)));
        Http another = ALL.get(other(driver(CALLSETS.get(1))));
        List<Runnable> ways = List.of(() -> own.get("/calls/" + CALLSETS.get(1)),
                () -> another.get("/calls/" + CALLSETS.get(1)), () -> {
                    store.get(ObjectKeys.manifest("default", id)).orElseThrow().bytes();
                    store.get(ObjectKeys.segment("default", id, 0)).orElseThrow().bytes();
                });
        List<List<Long>> micros = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (int round = 0; round < 120; round++) {
            for (int way = 0; way < ways.size(); way++) {
                long begun = System.nanoTime();
                ways.get(way).run();
                micros.get(way).add((System.nanoTime() - begun) / 1000);
            }
        }
        micros.forEach(Collections::sort);
        System.out.println("MEASURE a read, microseconds at the median (tenth to ninetieth percentile): own "
                + spread(micros.get(0)) + ", another's " + spread(micros.get(1)) + ", two reads of the store "
                + spread(micros.get(2)));
        assertThat(micros.get(1).get(60)).as("a hop, beside a callset of one's own")
                .isLessThan(10 * micros.get(0).get(60));
    }

    private static String spread(List<Long> sorted) {
        int size = sorted.size();
        return sorted.get(size / 2) + " (" + sorted.get(size / 10) + " to " + sorted.get(size * 9 / 10) + ")";
    }

    private static double passedOn() {
        return GATEWAYS.stream().mapToDouble(each -> each.bean(MeterRegistry.class).get("wren.forwarded")
                .tag("outcome", "answered").counter().count()).sum();
    }

    @Test
    void what_there_is_not_is_found_by_none() {
        String other = CALLSETS.getFirst().substring(0, 10) + "zz" + CALLSETS.getFirst().substring(12);
        for (String id : List.of(other, "x", CALLSETS.getFirst().substring(0, 25) + "~")) {
            assertThat(ask("/calls/" + id)).hasSize(1).first().asString().startsWith("404 ");
        }
    }

    /** Else two gateways that are wrong of each other would pass a request to and fro for ever. */
    @Test
    void nothing_is_passed_on_twice() {
        int driver = driver(CALLSETS.get(1));
        List<Integer> statuses = ALL.stream()
                .map(http -> http.get("/calls/" + CALLSETS.get(1), "Wren-Forwarded-By", "another").status()).toList();
        assertThat(statuses)
                .isEqualTo(IntStream.range(0, ALL.size()).map(i -> i == driver ? 200 : 503).boxed().toList());
        Http.Answer refused = ALL.get(other(driver)).get("/calls/" + CALLSETS.get(1), "Wren-Forwarded-By", "another");
        assertThat(refused.slug()).isEqualTo("unavailable");
        assertThat(refused.header("retry-after")).isEqualTo("1");
    }

    @Test
    void all_callsets_are_listed_in_order_by_pages_of_any_gateway() {
        List<String> all = ALL.getFirst().callsets("limit=1000");
        assertThat(all).containsAll(CALLSETS).isSortedAccordingTo(Collections.reverseOrder());
        List<String> paged = new ArrayList<>();
        String next = "/calls?limit=1";
        for (int page = 0; next != null; page++) {
            Http.Answer answer = ALL.get(page % ALL.size()).get(next);
            assertThat(answer.status()).isEqualTo(200);
            answer.json().path("items").forEach(item -> paged.add(item.path("callsetId").asString()));
            next = answer.json().has("next") ? answer.json().path("next").asString() : null;
            assertThat(answer.header("link")).isEqualTo(next == null ? "" : "<" + next + ">; rel=\"next\"");
        }
        assertThat(paged).containsSubsequence(all);
        assertThat(ask("/calls?limit=0")).hasSize(1).first().asString().startsWith("400 ");
    }

    @Test
    void a_wait_for_calls_of_all_gateways_is_answered_by_each_in_order() {
        String body = "{\"futures\":[{\"callsetId\":\"" + CALLSETS.get(2) + "\",\"callId\":\"00002\"}],\"callsets\":"
                + Http.JSON.writeValueAsString(CALLSETS) + ",\"timeout\":20}";
        for (Http http : ALL) {
            JsonNode answer = http.post("/wait", body).json();
            assertThat(answer.path("complete").asBoolean()).isTrue();
            assertThat(answer.path("done").valueStream()
                    .map(each -> each.path("callsetId").asString() + each.path("callId").asString()
                            + each.path("result")))
                    .containsExactlyElementsOf(Stream.concat(Stream.of(CALLSETS.get(2) + "000029"), CALLSETS.stream()
                            .flatMap(id -> IntStream.range(0, 3).mapToObj(
                                    i -> id + "0000" + i + (i + 1) * (i + 1))))
                            .toList());
        }
    }

    @Test
    void a_wait_for_any_of_several_gateways_ends_with_the_first() {
        String slow = map(ALL.get(0), "fn.Mixed", "[\"sleep 60000\"]");
        String quick = map(ALL.get(1), "fn.Mixed", "[\"sleep 300\"]");
        String any = "{\"callsets\":[\"" + slow + "\",\"" + quick
                + "\"],\"returnWhen\":\"ANY_COMPLETED\",\"timeout\":30}";
        JsonNode answer = ALL.get(2).post("/wait", any).json();
        assertThat(answer.path("complete").asBoolean()).isTrue();
        assertThat(answer.path("done").path(0).path("callsetId").asString()).isEqualTo(quick);
        assertThat(answer.path("notDone").path(0).path("callsetId").asString()).isEqualTo(slow);
        JsonNode all = ALL.get(2).post("/wait", any.replace("ANY_COMPLETED", "ALL_COMPLETED").replace(":30}", ":0.2}"))
                .json();
        assertThat(all.path("complete").asBoolean()).isFalse();
        assertThat(all.path("notDone")).hasSize(1);
        assertThat(ALL.get(2).post("/calls/" + slow + "/cancel", "{}").status()).isEqualTo(202);
        assertThat(ALL.get(0).post("/wait", any.replace("ANY_COMPLETED", "ALL_COMPLETED")).json().path("complete")
                .asBoolean()).isTrue();
    }

    @Test
    void a_wait_that_is_wrong_is_refused_wherever_its_calls_are() {
        for (Http http : ALL) {
            String unknown = CALLSETS.getFirst().substring(0, 25) + (CALLSETS.getFirst().endsWith("0") ? "1" : "0");
            assertThat(http.post("/wait", "{\"callsets\":[\"" + CALLSETS.get(1) + "\",\"" + unknown + "\"]}").status())
                    .isEqualTo(404);
            assertThat(
                    http.post("/wait", "{\"callsets\":[7]}").json().path("errors").path(0).path("pointer").asString())
                    .isEqualTo("/callsets/0");
        }
    }

    @Test
    void a_callset_is_cancelled_redriven_reduced_and_deleted_by_any_gateway() {
        String id = map(ALL.get(0), "fn.Mixed", "[\"sleep 60000\",\"square 3\"]");
        ALL.get(1).until("/calls/" + id, callset -> callset.path("states").path("success").asInt() == 1);
        Http.Answer cancelled = ALL.get(2).post("/calls/" + id + "/cancel", "");
        assertThat(cancelled.status()).isEqualTo(202);
        assertThat(cancelled.json().path("states").path("cancelled").asInt()).isEqualTo(1);
        Http.Answer redriven = ALL.get(1).post("/calls/" + id + "/redrive", "");
        assertThat(redriven.status()).isEqualTo(202);
        String again = redriven.json().path("callsetId").asString();
        assertThat(ALL.get(2).post("/calls/" + again + "/00000/cancel", "").status()).isEqualTo(202);
        Http.Answer reduced = ALL.get(1).post("/calls/" + CALLSETS.get(2) + "/reduce",
                "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Echo\"}}");
        assertThat(reduced.status()).as(reduced.text()).isEqualTo(202);
        String of = reduced.json().path("callsetId").asString();
        assertThat(ALL.get(0).done(of).path("reduceOf").asString()).isEqualTo(CALLSETS.get(2));
        assertThat(ALL.get(1).delete("/calls/" + id).status()).isEqualTo(204);
        assertThat(ask("/calls/" + id)).hasSize(1).first().asString().startsWith("404 ");
        assertThat(ALL.get(2).callsets("limit=1000")).doesNotContain(id).contains(of);
    }

    @Test
    void one_key_is_one_callset_on_any_gateway() throws Exception {
        String body = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":[4]}";
        Http.Answer first = ALL.get(0).post("/calls", body, "Idempotency-Key", "gateways-1");
        assertThat(first.status()).isEqualTo(202);
        for (Http http : ALL) {
            Http.Answer again = http.post("/calls", body, "Idempotency-Key", "gateways-1");
            assertThat(again.status()).isEqualTo(200);
            assertThat(again.json().path("callsetId")).isEqualTo(first.json().path("callsetId"));
            assertThat(again.json().path("futures")).hasSize(1);
            assertThat(http.post("/calls", body.replace("4", "5"), "Idempotency-Key", "gateways-1").status())
                    .isEqualTo(422);
        }
        for (int round = 0; round < 5; round++) {
            assertThat(race(body, "gateways-race-" + round)).as("round %d", round).hasSize(1);
        }
    }

    /** The callsets that racing requests with one key come to, each sent until it is accepted. */
    private static Set<String> race(String body, String key) throws Exception {
        Set<String> ids = new HashSet<>();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<String>> answers = threads.invokeAll(ALL.stream().map(http -> (Callable<String>) () -> {
                List<Http.Answer> got = new ArrayList<>();
                await().atMost(SOON).until(() -> {
                    got.add(http.post("/calls", body, "Idempotency-Key", key));
                    return got.getLast().status() < 300;
                });
                return got.getLast().json().path("callsetId").asString();
            }).toList());
            for (Future<String> answer : answers) {
                ids.add(answer.get());
            }
        }
        return ids;
    }

    @Test
    void a_long_poll_on_anothers_callset_ends_with_the_call() {
        List<Long> late = new ArrayList<>();
        for (int round = 0; round < 10; round++) {
            String id = map(ALL.get(round % 2), "fn.Mixed", "[\"sleep 200\"]");
            JsonNode future = ALL.get(2).get("/calls/" + id + "/00000?wait=20").json();
            long seen = System.currentTimeMillis();
            assertThat(future.path("state").asString()).isEqualTo("success");
            late.add(seen - Instant.parse(future.path("status").path("endTime").asString()).toEpochMilli());
        }
        Collections.sort(late);
        System.out.println("MEASURE a long poll on another's call, milliseconds after its end: " + late);
        // Whoever asked every second instead would be late by half of one.
        assertThat(late.get(5)).as("milliseconds from the end of a call to the answer: %s", late).isLessThan(400);
    }

    /** While it joins, what is said of each shard for the first time, such as that it is let go of, is not answered. */
    @Test
    void one_that_joins_takes_its_share_and_one_that_leaves_hands_it_over() {
        Set<String> failed = ConcurrentHashMap.newKeySet();
        STORES.forEach(store -> store.faults((operation, key) -> operation.equals("replace")
                && key.startsWith("shards/") && failed.add(key)
                        ? failed.size() % 2 == 0 ? FaultyStore.Fault.AFTER : FaultyStore.Fault.BEFORE
                        : FaultyStore.Fault.NONE));
        String slow = map(ALL.get(0), "fn.Mixed", "[\"sleep 60000\"]");
        List<String> seen = new ArrayList<>();
        try (RunningGateway fourth = start()) {
            List<RunningGateway> four = new ArrayList<>(GATEWAYS);
            four.add(fourth);
            awaitShares(four);
            assertThat(failed).hasSizeGreaterThanOrEqualTo(four.size());
            STORES.forEach(store -> store.faults((_, _) -> FaultyStore.Fault.NONE));
            String id = map(fourth.http(), "fn.Square", "[7]");
            fourth.http().done(id);
            seen.add(id);
            assertThat(ask("/calls/" + id)).hasSize(1).first().asString().startsWith("200 ");
            assertThat(fourth.http().get("/calls/" + slow).status()).isEqualTo(200);
        }
        long left = System.nanoTime();
        await().atMost(SOON).until(() -> GATEWAYS.stream().mapToInt(each -> held(each).size()).sum() == SHARDS);
        assertThat(Duration.ofNanos(System.nanoTime() - left)).as("without waiting for a lease")
                .isLessThan(Duration.ofSeconds(5));
        awaitShares(GATEWAYS);
        assertThat(ask("/calls/" + seen.getFirst())).hasSize(1).first().asString().startsWith("200 ")
                .contains("\"success\":1");
        assertThat(ALL.get(1).post("/calls/" + slow + "/cancel", "").status()).isEqualTo(202);
    }

    @Test
    void a_stream_of_data_is_accepted_and_a_stream_of_results_is_a_stream_through_another() {
        Http.Answer accepted = ALL.get(0).lines("/calls?jar=fn&handler=fn.Square",
                HttpRequest.BodyPublishers.ofString("1\n2\n"));
        assertThat(accepted.status()).isEqualTo(202);
        String id = accepted.json().path("callsetId").asString();
        try (Stream<String> lines = ALL.get(1).stream("/calls/" + id + "/results", "Accept", "application/x-ndjson")) {
            assertThat(lines).hasSize(2);
        }
        try (Stream<String> events = ALL.get(2).stream("/calls/" + id + "/events")) {
            assertThat(events.filter(line -> line.equals("event: call"))).hasSize(2);
        }
    }
}
