package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import dev.wren.gateway.shard.HeldShards;
import dev.wren.gateway.store.ObjectStore;
import dev.wren.protocol.CallsetId;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.config.BeanPostProcessor;

/** What is old goes by itself; what is in use stays. */
@BesideOthers
class RetentionIT {

    private static final String SQUARE = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Square\"},\"iterdata\":";

    private static RunningGateway start(Path store, TestClock clock, String... more) {
        return RunningGateway.startWithFunctions(store, clock::in, Stream.concat(Stream.of(
                "--wren.retention.callsets=10d", "--wren.retention.jars=5d", "--wren.retention.every=1s",
                "--wren.retention.rate=100000"), Stream.of(more)).toArray(String[]::new));
    }

    private static int objects(Path store, String prefix) {
        return TestStore.keys(store, "default/" + prefix).size();
    }

    private static void gone(Http http, String id) {
        await().atMost(Duration.ofSeconds(20)).until(() -> http.get("/calls/" + id).status() == 404);
    }

    @Test
    void callsets_go_by_age_but_not_while_they_run_or_are_read(@TempDir Path store) throws Exception {
        TestClock clock = new TestClock();
        try (RunningGateway gateway = start(store, clock, RunningGateway.MANAGED)) {
            Http http = gateway.http();
            String old = http.map(SQUARE + "[1,2]}");
            String running = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[\"forever"
                    + "\"]}");
            String data = IntStream.range(0, 20_000).mapToObj(Integer::toString).collect(Collectors.joining(","));
            String read = http.map(SQUARE + "[" + data + "],\"extraMeta\":{\"x\":\"" + "y".repeat(1000) + "\"}}");
            http.done(old);
            http.done(read);
            clock.advance(Duration.ofDays(9));
            String young = http.map(SQUARE + "[3]}");
            http.done(young);
            Iterator<String> reader = http.stream("/calls/" + read + "/events").iterator();
            reader.next();
            clock.advance(Duration.ofDays(2));
            gone(http, old);
            assertThat(http.get("/calls/" + running).status()).isEqualTo(200);
            assertThat(http.get("/calls/" + young).status()).isEqualTo(200);
            assertThat(http.get("/calls/" + read).status()).isEqualTo(200);
            int calls = 0;
            while (reader.hasNext()) {
                calls += reader.next().equals("event: call") ? 1 : 0;
            }
            assertThat(calls).isEqualTo(20_000);
            gone(http, read);
            http.delete("/calls/" + running);
            http.delete("/calls/" + young);
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, "callsets/") == 0);
            Http.Answer metrics = new Http(gateway.managementUrl()).get("/actuator/prometheus");
            assertThat(metrics.text()).contains("wren_retention_callsets_total 2.0");
        }
    }

    /** Each removes what it drives, and one of them what is of no callset: jars, keys, what nobody ever accepted. On S3 anyway. */
    @Test
    @DisabledIfSystemProperty(named = "test.wren.store", matches = "s3")
    void of_several_gateways_each_does_its_part(@TempDir Path store) {
        TestClock clock = new TestClock();
        String[] settings = Stream.concat(TestStore.onS3(store).stream(), Stream.of("--wren.gateways.lease=5s"))
                .toArray(String[]::new);
        List<RunningGateway> gateways = new ArrayList<>();
        try {
            for (int i = 0; i < 2; i++) {
                gateways.add(start(store, clock, settings));
            }
            await().atMost(Duration.ofSeconds(30)).until(() -> gateways.stream()
                    .allMatch(each -> each.bean(HeldShards.class).all().size() == 8));
            List<String> ids = new ArrayList<>();
            for (RunningGateway gateway : gateways) {
                Http.Answer kept = gateway.http().post("/calls", SQUARE + "[1]}", "Idempotency-Key",
                        "key-" + ids.size());
                ids.add(kept.json().path("callsetId").asString());
                gateway.http().done(ids.getLast());
            }
            gateways.forEach(each -> TestStore.writeOnS3(store, ObjectKeys.data("default",
                    CallsetId.of(clock.millis(), each.bean(HeldShards.class).all().iterator().next(), 1, 1)), "left"));
            assertThat(gateways.getFirst().http().delete("/jars/fn").status()).isEqualTo(204);
            clock.advance(Duration.ofDays(11));
            gateways.forEach(each -> ids.forEach(id -> gone(each.http(), id)));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> TestStore.keysOnS3(store, "default/callsets/").isEmpty()
                            && TestStore.keysOnS3(store, "default/idempotency/").isEmpty());
            // Its five days begin when it is seen to be unused.
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> !TestStore.keysOnS3(store, "default/jars/unused/").isEmpty());
            clock.advance(Duration.ofDays(6));
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> TestStore.keysOnS3(store, "default/jars/sha256/").isEmpty());
        } finally {
            gateways.forEach(RunningGateway::close);
        }
    }

    /** A store of a million callsets must not be read whole every hour. */
    @Test
    void a_sweep_reads_no_callset_twice(@TempDir Path store) {
        TestClock clock = new TestClock();
        FaultyStore counted = new FaultyStore();
        Set<String> read = ConcurrentHashMap.newKeySet();
        AtomicInteger sweeps = new AtomicInteger();
        counted.faults((operation, key) -> {
            if (operation.equals("get") && key.endsWith("/callset")) {
                read.add(key);
            } else if (operation.equals("sweep")) {
                sweeps.incrementAndGet();
            }
            return FaultyStore.Fault.NONE;
        });
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, context -> {
            clock.in(context);
            counted.in(context);
        }, "--wren.retention.callsets=10d", "--wren.retention.every=1s", "--wren.retention.rate=100000")) {
            Http http = gateway.http();
            for (int i = 0; i < 20; i++) {
                http.done(http.map(SQUARE + "[1]}"));
            }
            clock.advance(Duration.ofHours(2));
            int looked = sweeps.get();
            await().atMost(Duration.ofSeconds(20)).until(() -> sweeps.get() >= looked + 2);
            assertThat(read).hasSize(20);
            read.clear();
            int before = sweeps.get();
            await().atMost(Duration.ofSeconds(20)).until(() -> sweeps.get() >= before + 3);
            assertThat(read).isEmpty();
            clock.advance(Duration.ofDays(11));
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, "callsets/") == 0);
        }
    }

    /** As one that a gateway has accepted when another had taken over: no note knows of it. */
    @Test
    void a_callset_that_nobody_drives_is_driven_when_it_is_found(@TempDir Path store) {
        TestClock clock = new TestClock();
        String id;
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store, context -> {
            clock.in(context);
            new IdleExecutor().in(context);
        }, "--wren.executors.later.kind=idle")) {
            id = gateway.http().map(SQUARE + "[3],\"executor\":\"later\"}");
        }
        TestStore.write(store, "shards/" + CallsetId.parse(id).orElseThrow().shard(), "{\"watermark\":"
                + (CallsetId.parse(id).orElseThrow().millis() + 1) + ",\"named\":[]}");
        try (RunningGateway gateway = RunningGateway.start(store, clock::in, "--wren.executors.later.kind=local",
                "--wren.executors.later.workers=2", "--wren.retention.every=1s")) {
            Http http = gateway.http();
            assertThat(http.get("/calls/" + id + "?wait=2").json().path("done").asBoolean()).isFalse();
            clock.advance(Duration.ofHours(2));
            // Workers do not have the clock of the test: a call that is looked at has begun hours ago, by the time of day.
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> http.get("/calls/" + id).json().path("done").asBoolean());
            assertThat(http.get("/calls/" + id + "/00000/result").text()).isEqualTo("9");
        }
    }

    @Test
    void contents_of_jars_go_when_nothing_refers_to_them(@TempDir Path store) throws Exception {
        TestClock clock = new TestClock();
        try (RunningGateway gateway = start(store, clock)) {
            Http http = gateway.http();
            http.putJar("examples", RunningGateway.EXAMPLES);
            String content = Sha256.hex(Sha256.digest().digest(Files.readAllBytes(RunningGateway.EXAMPLES)));
            String function = Sha256.hex(Sha256.digest().digest(Files.readAllBytes(RunningGateway.FUNCTIONS)));
            String contents = "jars/sha256/";
            String marks = "jars/unused/";
            String id = http.map(SQUARE + "[1]}");
            http.done(id);
            http.delete("/jars/examples");
            http.delete("/jars/fn");
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, marks) == 1);
            clock.advance(Duration.ofDays(4));
            // A use starts the age again.
            http.putJar("again", RunningGateway.EXAMPLES);
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, marks) == 0);
            http.delete("/jars/again");
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, marks) == 1);
            clock.advance(Duration.ofDays(4));
            assertThat(objects(store, contents + content) == 1).isTrue();
            clock.advance(Duration.ofDays(2));
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, contents + content) == 0);
            // The callset is still there, and can be redriven.
            assertThat(objects(store, contents + function) == 1).isTrue();
            clock.advance(Duration.ofDays(10));
            gone(http, id);
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, marks) == 1);
            clock.advance(Duration.ofDays(6));
            await().atMost(Duration.ofSeconds(20)).until(() -> objects(store, contents) == 0);
            assertThat(http.post("/calls", SQUARE.replace("\"fn\"", "\"sha256:" + function + "\"") + "[1]}").status())
                    .isEqualTo(422);
            assertThat(http.putJar("fn", RunningGateway.FUNCTIONS).status()).isEqualTo(201);
            assertThat(http.get("/calls/" + http.map(SQUARE + "[4]}") + "/00000/result").text()).isEqualTo("16");
        }
    }

    @Test
    void the_rate_is_bounded(@TempDir Path store) {
        TestClock clock = new TestClock();
        try (RunningGateway gateway = start(store, clock, "--wren.retention.rate=10")) {
            Http http = gateway.http();
            List<String> old = IntStream.range(0, 18).mapToObj(_ -> http.map(SQUARE + "[1]}")).toList();
            old.forEach(http::done);
            clock.advance(Duration.ofDays(11));
            await().atMost(Duration.ofSeconds(20)).until(() -> http.callsets("limit=1000").size() < 18);
            long begun = System.nanoTime();
            int left = http.callsets("limit=1000").size();
            await().atMost(Duration.ofSeconds(60)).until(() -> http.callsets("limit=1000").isEmpty());
            double seconds = (System.nanoTime() - begun) / 1e9;
            // A callset is at least two objects (manifest and log) beside the look at it; ten may have been saved up.
            assertThat(seconds).isGreaterThan((left * 3 - 20) / 10.0);
        }
    }

    /** The storm of deletes and reads: whatever the order, a reader gets an answer or a 404, and nothing is left. */
    @Test
    void delete_is_safe_at_any_moment(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store);
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            Http http = gateway.http();
            String data = IntStream.range(0, 300).mapToObj(i -> "\"text " + i + "z".repeat(300) + "\"")
                    .collect(Collectors.joining(","));
            String map = "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"},\"iterdata\":[" + data + "]}";
            for (int round = 0; round < 25; round++) {
                String id = http.map(map);
                boolean first = round % 2 == 0;
                if (first) {
                    http.done(id);
                }
                List<Future<Integer>> answers = Stream
                        .of("", "/00000", "/futures", "/results?timeout=5", "/00007/result", "/events", "/00001/logs")
                        .map(path -> threads.submit(() -> status(http, "/calls/" + id + path))).toList();
                Future<Integer> deleted = threads.submit(() -> http.delete("/calls/" + id).status());
                assertThat(deleted.get()).isEqualTo(204);
                for (Future<Integer> answer : answers) {
                    assertThat(answer.get()).isIn(200, 202, 404, 0);
                }
                assertThat(http.get("/calls/" + id).status()).isEqualTo(404);
                assertThat(http.get("/calls").text()).doesNotContain(id);
            }
            await().atMost(Duration.ofSeconds(10)).until(() -> objects(store, "callsets/") == 0);
        }
    }

    /** Commits wait until a test lets them go. */
    private static final class HeldCommits implements BeanPostProcessor {

        private final CountDownLatch begun = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);
        private final CountDownLatch done = new CountDownLatch(1);

        @Override
        public Object postProcessAfterInitialization(Object bean, String name) {
            if (!(bean instanceof ObjectStore)) {
                return bean;
            }
            return Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[]{ObjectStore.class},
                    (_, method, arguments) -> {
                        boolean held = method.getName().startsWith("put")
                                && arguments[0].toString().contains("/log/");
                        if (held) {
                            begun.countDown();
                            go.await();
                        }
                        try {
                            return method.invoke(bean, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        } finally {
                            if (held) {
                                done.countDown();
                            }
                        }
                    });
        }
    }

    @Test
    void a_commit_that_comes_after_a_delete_leaves_nothing(@TempDir Path store) throws Exception {
        HeldCommits commits = new HeldCommits();
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store,
                context -> context.registerBean("heldCommits", HeldCommits.class, () -> commits))) {
            String id = gateway.http().map(SQUARE + "[1]}");
            assertThat(commits.begun.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(gateway.http().delete("/calls/" + id).status()).isEqualTo(204);
            commits.go.countDown();
            assertThat(commits.done.await(20, TimeUnit.SECONDS)).isTrue();
            await().atMost(Duration.ofSeconds(10)).until(() -> objects(store, "callsets/") == 0);
        } finally {
            commits.go.countDown();
        }
    }

    /** 0 for an answer that was cut off after its head: nobody takes it for the whole. */
    private static int status(Http http, String path) {
        try {
            return http.get(path).status();
        } catch (UncheckedIOException _) {
            return 0;
        }
    }
}
