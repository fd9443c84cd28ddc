package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Workers that are killed, stand still, lie or lose their files: whatever becomes of one, no other call suffers. */
@BesideOthers
class WorkerFaultsIT {

    private static String mixed(String more, List<String> data) {
        return "{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Mixed\"}" + more + ",\"iterdata\":[\""
                + String.join("\",\"", data) + "\"]}";
    }

    private static void assertUnharmed(Http http, String id, int calls) {
        JsonNode callset = http.done(id);
        assertThat(callset.path("states").path("success").asInt())
                .as("%s %s", callset, http.get("/calls/" + id + "/futures?state=error").text()).isEqualTo(calls);
    }

    /** A call ends by itself in the very moment in which it is cancelled, and its JVM goes on with another callset. */
    @Test
    void a_cancel_harms_no_other_callset(@TempDir Path store) {
        Random random = new Random(15);
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            Http http = gateway.http();
            assertUnharmed(http, http.map(mixed("", List.of("square 2", "square 3"))), 2);
            for (int round = 0; round < 20; round++) {
                String doomed = http.map(mixed("", List.of("sleep 30")));
                long begun = System.nanoTime();
                String other = http.map(mixed(",\"chunkSize\":1", Collections.nCopies(60, "sleep 1")));
                long until = begun + Duration.ofMillis(24).toNanos() + random.nextInt(9_000_000);
                while (System.nanoTime() < until) {
                    LockSupport.parkNanos(200_000);
                }
                http.post("/calls/" + doomed + "/cancel", "");
                assertUnharmed(http, other, 60);
            }
        }
    }

    /** The same with a call that ends by itself just when its time is up. */
    @Test
    void a_timeout_harms_no_other_callset(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store)) {
            Http http = gateway.http();
            assertUnharmed(http, http.map(mixed("", List.of("square 2", "square 3"))), 2);
            for (int round = 0; round < 12; round++) {
                String doomed = http.map(mixed(",\"jobMaxRuntime\":0.03", List.of("sleep " + (28 + round % 4))));
                String other = http.map(mixed(",\"chunkSize\":1", Collections.nCopies(60, "sleep 1")));
                assertUnharmed(http, other, 60);
                http.done(doomed);
            }
        }
    }

    @Test
    void a_worker_that_stands_still_between_calls_is_replaced(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        try (GatewayProcess gateway = GatewayProcess.start(folder.resolve("store"), log,
                "--wren.executors.local.setup-timeout=1s", "--wren.executors.local.grace=1s")) {
            Http http = gateway.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            assertUnharmed(http, http.map(mixed("", List.of("sleep 100", "sleep 100"))), 2);
            List<ProcessHandle> workers = gateway.workers();
            assertThat(workers).isNotEmpty();
            for (ProcessHandle worker : workers) {
                stop(worker);
            }
            long begun = System.nanoTime();
            // More than a socket takes, so that even the sending of it stands still.
            String large = "print " + "x".repeat(3 << 20);
            assertUnharmed(http, http.map(mixed(",\"jobMaxRuntime\":2", List.of("square 2", "square 3", large))), 3);
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(40));
            assertThat(workers).noneMatch(ProcessHandle::isAlive);
            assertThat(Files.readString(log)).contains("nothing was heard of the worker for 4 s");
        }
    }

    private static void stop(ProcessHandle worker) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-STOP", Long.toString(worker.pid())).start().waitFor()).isZero();
    }

    /** The time of a call's begin is in a file that the function can write to. */
    @Test
    void a_function_cannot_give_itself_more_time(@TempDir Path store) {
        try (RunningGateway gateway = RunningGateway.startWithFunctions(store,
                "--wren.executors.local.setup-timeout=1s", "--wren.executors.local.grace=1s")) {
            Http http = gateway.http();
            String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.Tamper\"},\"jobMaxRuntime\":1,"
                    + "\"iterdata\":[1]}");
            long begun = System.nanoTime();
            assertThat(http.done(id).path("states").path("error").asInt()).isEqualTo(1);
            assertThat(http.get("/calls/" + id + "/00000").json().path("error").path("code").asString())
                    .isEqualTo("OUTATIME");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(30));
        }
    }

    /** A jar that cannot be fetched for some seconds is no call's fault, nor a worker's. */
    @Test
    void calls_wait_for_a_store_that_is_away(@TempDir Path folder) throws Exception {
        FaultyStore store = new FaultyStore();
        Path cache = folder.resolve("cache");
        try (RunningGateway gateway = RunningGateway.startWithFunctions(folder.resolve("store"), store::in,
                "--wren.jars.cache-folder=" + cache)) {
            Http http = gateway.http();
            http.putJar("examples", RunningGateway.EXAMPLES);
            String busy = http.map(mixed(",\"chunkSize\":1", List.of("sleep 1000", "sleep 1000")));
            await().until(() -> http.get("/calls/" + busy).json().path("states").path("running").asInt() == 2);
            String id = http
                    .map("{\"function\":{\"jar\":\"examples\",\"handler\":\"dev.wren.examples.WordCount::count\"}"
                            + ",\"iterdata\":[\"a b\",\"c d\"]}");
            long away = System.nanoTime() + Duration.ofSeconds(3).toNanos();
            store.faults((_, key) -> key.contains("jars/sha256") && System.nanoTime() < away
                    ? FaultyStore.Fault.BEFORE
                    : FaultyStore.Fault.NONE);
            try (Stream<Path> files = Files.walk(cache)) {
                for (Path jar : files.filter(each -> each.toString().endsWith(".jar")).toList()) {
                    Files.delete(jar);
                }
            }
            assertUnharmed(http, id, 2);
            assertThat(System.nanoTime()).isGreaterThan(away);
            assertThat(http.get("/calls/" + id + "/00000").json().path("attempts").asInt()).isEqualTo(1);
        }
    }

    @Test
    void a_cleaner_of_temporary_files_stops_no_worker(@TempDir Path folder) throws Exception {
        Path cache = folder.resolve("cache");
        Path old = Files.createDirectories(cache.resolve("0")).resolve("worker-0011223344556677.jar");
        Files.writeString(old, "of another build");
        try (RunningGateway gateway = RunningGateway.startWithFunctions(folder.resolve("store"),
                "--wren.executors.local.cache-folder=" + cache)) {
            Http http = gateway.http();
            assertThat(old).doesNotExist();
            assertThat(Files.getPosixFilePermissions(cache.resolve("0"))).hasSize(3);
            try (Stream<Path> files = Files.walk(cache)) {
                for (Path file : files.sorted(Collections.reverseOrder()).toList()) {
                    // The training may put its file there in between.
                    if (Files.isRegularFile(file)) {
                        Files.deleteIfExists(file);
                    }
                }
            }
            assertUnharmed(http, http.map(mixed("", List.of("square 2", "square 3"))), 2);
        }
    }

    @Test
    void a_killed_gateway_leaves_no_folders_of_workers(@TempDir Path folder) throws Exception {
        Path log = Files.createFile(folder.resolve("log"));
        Path temporary = Files.createDirectory(folder.resolve("tmp"));
        try (GatewayProcess gateway = GatewayProcess.start(folder.resolve("store"), log,
                "-Djava.io.tmpdir=" + temporary)) {
            Http http = gateway.http();
            http.putJar("fn", RunningGateway.FUNCTIONS);
            http.map(mixed("", List.of("forever", "forever", "square 3")));
            await().until(() -> gateway.workers().size() >= 2 && !workers(temporary).isEmpty());
            gateway.kill();
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(workers(temporary)).isEmpty());
        }
    }

    private static List<Path> workers(Path temporary) throws IOException {
        // Not walked: what is in them goes meanwhile.
        try (Stream<Path> files = Files.list(temporary)) {
            return files.filter(each -> each.getFileName().toString().startsWith("wren-workers-")).toList();
        }
    }
}
