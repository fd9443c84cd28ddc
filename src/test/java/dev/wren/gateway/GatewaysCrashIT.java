package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import dev.wren.gateway.record.Segment;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.protocol.CallState;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Three gateways on one store, of which one is killed, stands still, is cut off or has a wrong clock in the middle of maps.
 *
 * <p>
 * {@code -Dgateways.rounds=N} kills N times, and in the middle of more than what the build has time for: ten maps of 500
 * calls.
 */
@BesideOthers
class GatewaysCrashIT {

    private static final boolean LONG = Integer.getInteger("gateways.rounds", 0) > 0;
    private static final int MAPS = LONG ? 10 : 3;
    private static final int CALLS = LONG ? 500 : 200;
    private static final Duration LEASE = Duration.ofSeconds(5);
    private static final Duration LONGEST = Duration.ofMinutes(2);

    @TempDir
    private Path folder;
    private Path log;
    private final Random random = new Random(7);
    private final List<Http> gateways = new CopyOnWriteArrayList<>();
    private final History history = new History();

    @BeforeEach
    void makeLog() throws Exception {
        log = Files.createFile(folder.resolve("log"));
    }

    private GatewayProcess start(String... more) {
        GatewayProcess process = GatewayProcess.start(folder, log,
                Stream.of(TestStore.onS3(folder), List.of("--wren.gateways.lease=" + LEASE.toSeconds() + "s"),
                        List.of(more)).flatMap(List::stream).toArray(String[]::new));
        gateways.add(process.http());
        return process;
    }

    /** Asks one gateway after another until one answers; what it answers is waited for no longer than the test. */
    private Http.Answer ask(Function<Http, Http.Answer> request) {
        long end = System.nanoTime() + LONGEST.toNanos();
        Random mine = new Random();
        String last = "";
        while (System.nanoTime() < end) {
            Http http = gateways.get(mine.nextInt(gateways.size()));
            try {
                Http.Answer answer = request.apply(http);
                if (answer.status() != 503 && answer.status() != 409) {
                    return answer;
                }
                last = answer.text();
            } catch (UncheckedIOException e) {
                last = e.toString();
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
        }
        throw new AssertionError("nobody answers: " + last);
    }

    /** What clients do all the while: accept, wait, look, and note what they see. */
    private final class Clients implements AutoCloseable {

        private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        private final List<Future<String>> maps = new ArrayList<>();
        private final Collection<String> accepted = new ConcurrentLinkedQueue<>();
        private final List<Future<?>> readers = new ArrayList<>();
        private volatile boolean over;

        Clients(String datum) {
            for (int map = 0; map < MAPS; map++) {
                String key = "map-" + System.nanoTime() + "-" + map;
                maps.add(threads.submit(() -> map(key, datum)));
            }
            for (int reader = 0; reader < 3; reader++) {
                readers.add(threads.submit(this::read));
            }
        }

        private String map(String key, String datum) {
            String data = IntStream.range(0, CALLS).mapToObj(i -> "\"" + datum.replace("#", Integer.toString(i)) + "\"")
                    .toList().toString();
            Http.Answer answer = ask(http -> http.post("/calls",
                    "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":" + data + "}",
                    "Idempotency-Key", key));
            assertThat(answer.status()).as(answer.text()).isBetween(200, 202);
            String id = answer.json().path("callsetId").asString();
            accepted.add(id);
            while (true) {
                History.Before before = history.before();
                JsonNode callset = ask(http -> http.get("/calls/" + id + "?wait=20")).json();
                before.sawCallset(callset);
                if (callset.path("done").asBoolean()) {
                    return id;
                }
            }
        }

        private void read() {
            Random mine = new Random();
            while (!over) {
                List<String> ids = List.copyOf(accepted);
                if (!ids.isEmpty()) {
                    String id = ids.get(mine.nextInt(ids.size()));
                    String call = String.format("%05d", mine.nextInt(CALLS));
                    History.Before before = history.before();
                    switch (mine.nextInt(4)) {
                        case 0 -> before.sawCallset(ask(http -> http.get("/calls/" + id)).json());
                        case 1 -> before.sawFuture(ask(http -> http.get("/calls/" + id + "/" + call)).json());
                        case 2 -> ask(http -> http.get("/calls?limit=5")).json().path("items")
                                .forEach(before::sawCallset);
                        default -> {
                            JsonNode all = ask(http -> http.post("/wait", "{\"callsets\":"
                                    + Http.JSON.writeValueAsString(ids.subList(0, Math.min(3, ids.size())))
                                    + ",\"returnWhen\":\"ALWAYS\"}")).json();
                            Stream.of("done", "notDone").flatMap(each -> all.path(each).valueStream())
                                    .forEach(before::sawFuture);
                        }
                    }
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
            }
        }

        /** Requests that this gateway has got before it can go on. What it says must not be what it knew. */
        List<Future<?>> askForAll(Http http) {
            History.Before before = history.before();
            CountDownLatch sent = new CountDownLatch(accepted.size());
            List<Future<?>> asked = List.copyOf(accepted).stream().<Future<?>>map(id -> threads.submit(() -> {
                sent.countDown();
                Http.Answer answer = http.get("/calls/" + id);
                if (answer.status() == 200) {
                    before.sawCallset(answer.json());
                }
                return id;
            })).toList();
            await().atMost(LONGEST).until(() -> sent.getCount() == 0);
            return asked;
        }

        int ended() {
            return List.copyOf(accepted).stream()
                    .mapToInt(id -> ask(http -> http.get("/calls/" + id)).json().path("states").path("success").asInt())
                    .sum();
        }

        /** All are done: each call once, with its value, whoever is asked. */
        void assertAllRight() throws Exception {
            for (Future<String> map : maps) {
                String id = map.get(LONGEST.toSeconds(), TimeUnit.SECONDS);
                assertThat(ask(http -> http.get("/calls/" + id + "/results")).json().valueStream()
                        .map(JsonNode::asInt)).isEqualTo(IntStream.range(0, CALLS).map(i -> i * i).boxed().toList());
                recorded(id).forEach((call, ends) -> assertThat(ends).as("call %d of %s", call, id)
                        .containsExactly(CallState.SUCCESS));
                assertThat(recorded(id)).hasSize(CALLS);
            }
            over = true;
            for (Future<?> reader : readers) {
                reader.get(LONGEST.toSeconds(), TimeUnit.SECONDS);
            }
            assertThat(history.wrong()).isEmpty();
            assertThat(history.answers()).isGreaterThan(MAPS);
        }

        @Override
        public void close() {
            over = true;
            threads.shutdownNow();
        }
    }

    private Map<Integer, List<CallState>> recorded(String id) {
        Map<Integer, List<CallState>> ends = new HashMap<>();
        String prefix = ObjectKeys.log("default", CallsetId.parse(id).orElseThrow());
        for (String key : TestStore.keysOnS3(folder, prefix)) {
            if (key.charAt(prefix.length()) == '-') {
                continue;
            }
            Segment.replay(key, TestStore.bytesOnS3(folder, key), new Segment.Visitor() {
                @Override
                public void ended(int call, int attempt, CallState outcome, boolean last, int offset) {
                    ends.computeIfAbsent(call, _ -> new ArrayList<>()).add(outcome);
                }

                @Override
                public void cancelled(int from, int to) {
                    throw new AssertionError("nobody has cancelled " + id);
                }
            });
        }
        return ends;
    }

    private static int shards(GatewayProcess process) {
        return process.management().get("/actuator/prometheus").text().lines()
                .filter(line -> line.startsWith("wren_shards "))
                .mapToInt(line -> (int) Double.parseDouble(line.substring(12))).sum();
    }

    /** Each shard is one gateway's, and no gateway drives what another has taken. */
    private static void assertShared(IntSupplier held) {
        await().atMost(LONGEST).untilAsserted(() -> assertThat(held.getAsInt()).isEqualTo(16));
    }

    private void uploadFunctions() {
        assertThat(ask(http -> http.putJar("fn", RunningGateway.FUNCTIONS)).status()).isLessThan(300);
    }

    /** The clock of one is five minutes slow all the while. */
    @Test
    void one_stands_still_one_is_cut_off_one_is_killed_and_nothing_is_lost_doubled_or_taken_back() throws Exception {
        TestClock clock = new TestClock();
        clock.advance(Duration.ofMinutes(-5));
        String s3 = TestStore.onS3(folder).stream().filter(each -> each.startsWith("--spring.cloud.aws.endpoint="))
                .findFirst().orElseThrow().replaceFirst("[^=]*=", "");
        try (Relay relay = new Relay();
                GatewayProcess first = start();
                GatewayProcess second = startBehind(relay, s3);
                RunningGateway slow = RunningGateway.start(folder, clock::in, Stream.concat(
                        TestStore.onS3(folder).stream(), Stream.of("--wren.gateways.lease=" + LEASE.toSeconds() + "s"))
                        .toArray(String[]::new))) {
            gateways.add(slow.http());
            uploadFunctions();
            IntSupplier ofSlow = () -> slow.bean(HeldShards.class).all().size();
            standsStill(first);
            assertShared(() -> shards(first) + shards(second) + ofSlow.getAsInt());
            isCutOff(relay, s3, () -> shards(first) + ofSlow.getAsInt());
            assertShared(() -> shards(first) + shards(second) + ofSlow.getAsInt());
            isKilled(first);
            assertShared(() -> shards(second) + ofSlow.getAsInt());
        }
        assertThat(Files.readString(log)).contains("it begins again");
    }

    private GatewayProcess startBehind(Relay relay, String s3) {
        relay.to(s3);
        return start("--spring.cloud.aws.endpoint=" + relay.url());
    }

    private void standsStill(GatewayProcess still) throws Exception {
        try (Clients clients = new Clients("square #")) {
            await().atMost(LONGEST).until(() -> clients.ended() >= MAPS * CALLS / 10);
            still.signal("STOP");
            gateways.remove(still.http());
            await().atMost(LONGEST).until(() -> clients.ended() == MAPS * CALLS);
            List<Future<?>> asked = clients.askForAll(still.http());
            still.signal("CONT");
            gateways.add(still.http());
            for (Future<?> each : asked) {
                each.get(LONGEST.toSeconds(), TimeUnit.SECONDS);
            }
            clients.assertAllRight();
        }
    }

    private void isCutOff(Relay relay, String s3, IntSupplier ofOthers) throws Exception {
        try (Clients clients = new Clients("square #")) {
            await().atMost(LONGEST).until(() -> clients.ended() >= MAPS * CALLS / 10);
            relay.cut();
            await().atMost(LONGEST).until(() -> ofOthers.getAsInt() == 16);
            relay.to(s3);
            clients.assertAllRight();
        }
    }

    private void isKilled(GatewayProcess victim) throws Exception {
        try (Clients clients = new Clients("square #")) {
            int after = random.nextInt(MAPS * CALLS * 3 / 4);
            await().atMost(LONGEST).until(() -> clients.ended() >= after);
            victim.kill();
            gateways.remove(victim.http());
            clients.assertAllRight();
        }
    }

    @Test
    @EnabledIfSystemProperty(named = "gateways.rounds", matches = "\\d+")
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void of_three_one_is_killed_again_and_again() throws Exception {
        List<GatewayProcess> processes = new ArrayList<>();
        try {
            for (int i = 0; i < 3; i++) {
                processes.add(start());
            }
            uploadFunctions();
            for (int round = 0; round < Integer.getInteger("gateways.rounds"); round++) {
                isKilled(processes.remove(random.nextInt(processes.size())));
                processes.add(start());
            }
            assertShared(() -> processes.stream().mapToInt(GatewaysCrashIT::shards).sum());
        } finally {
            processes.forEach(GatewayProcess::close);
        }
    }
}
