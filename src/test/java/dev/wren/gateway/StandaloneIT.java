package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import dev.wren.gateway.shard.HeldShards;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Machines that join a pool by themselves, without EC2. */
@BesideOthers
class StandaloneIT {

    private static final Duration SOON = Duration.ofSeconds(30);
    private static final String NO_EC2 = "--wren.executors.standalone.ec2=false";

    private static TestPool pool;

    @BeforeAll
    static void start() {
        pool = TestPool.start();
    }

    @AfterAll
    static void stop() {
        pool.close();
    }

    @AfterEach
    void endMachines() {
        pool.endMachines();
    }

    private static JsonNode machine(Http http, String id) {
        return http.get("/instances/" + id).json();
    }

    @Test
    void a_machine_joins_is_seen_and_ends_by_itself(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = pool.gateway(store, NO_EC2)) {
            Http http = gateway.http();
            await().atMost(SOON).until(() -> http.get("/executors").json().toString().contains("\"ready\":true"));
            Process laptop = pool.machine(store, "--id", "laptop", "--parallelism", "2", "--heartbeat", "1",
                    "--max-idle-time", "4", "--idle-terminate-granularity", "5", "--memory-mb", "400", "--build",
                    "mine");
            await().atMost(SOON).until(() -> machine(http, "laptop").path("state").asString("").equals("running"));
            assertThat(machine(http, "laptop").path("workerVersion").asString()).isEqualTo("mine");
            assertThat(machine(http, "laptop").path("executor").asString()).isEqualTo("standalone");
            String id = http.map(ExecutorContract.map("", List.of("sleep 6000", "square 2", "square 3")));
            await().atMost(SOON).until(() -> machine(http, "laptop").path("running").asInt() == 1
                    && machine(http, "laptop").path("calls").asInt() == 2);
            // One seat is busy for longer than the idle time, the other has nothing to do.
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(3);
            assertThat(http.delete("/instances/laptop").status()).isEqualTo(403);
            assertThat(laptop.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(laptop.exitValue()).isZero();
            await().atMost(SOON).until(() -> machine(http, "laptop").path("state").asString().equals("terminated"));
            assertThat(http.post("/instances", "{}").status()).isEqualTo(403);
        }
    }

    /** One of them hears the machines, and answers for all; each gets the reports of its own callsets. */
    @Test
    void a_pool_of_several_gateways_is_looked_after_by_one_until_it_has_gone(@TempDir Path store) throws Exception {
        List<RunningGateway> gateways = new ArrayList<>();
        try {
            gateways.add(pool.gateway(store, NO_EC2));
            gateways.add(pool.gateway(store, NO_EC2));
            await().atMost(SOON).until(() -> gateways.stream()
                    .allMatch(each -> each.bean(HeldShards.class).all().size() == 8
                            && each.http().get("/executors").json().toString().contains("\"ready\":true")));
            pool.machine(store, "--id", "laptop", "--parallelism", "2", "--heartbeat", "1", "--memory-mb", "400");
            for (RunningGateway gateway : gateways) {
                await().atMost(SOON)
                        .until(() -> machine(gateway.http(), "laptop").path("state").asString("").equals("running"));
                String id = gateway.http().map(ExecutorContract.map("", List.of("square 2", "square 3")));
                assertThat(gateways.getFirst().http().done(id).path("states").path("success").asInt()).isEqualTo(2);
            }
            RunningGateway keeper = gateways.stream()
                    .filter(each -> each.bean(HeldShards.class).drives(HeldShards.COMMON)).findFirst().orElseThrow();
            gateways.remove(keeper);
            keeper.close();
            Http http = gateways.getFirst().http();
            await().atMost(SOON).until(() -> machine(http, "laptop").path("state").asString("").equals("running"));
            assertThat(http.done(http.map(ExecutorContract.map("", List.of("square 4")))).path("states").path("success")
                    .asInt()).isEqualTo(1);
        } finally {
            gateways.forEach(RunningGateway::close);
        }
    }

    /** As systemctl does it: what runs goes back, and is run elsewhere without any wait. */
    @Test
    void a_machine_that_is_stopped_gives_back_what_it_runs(@TempDir Path store) throws Exception {
        try (RunningGateway gateway = pool.gateway(store, NO_EC2, "--wren.executors.standalone.visibility=10m")) {
            Http http = gateway.http();
            Process first = pool.machine(store, "--id", "first", "--parallelism", "1", "--heartbeat", "1",
                    "--visibility", "600", "--memory-mb", "300");
            String id = http.map(ExecutorContract.map(",\"jobMaxRuntime\":60",
                    List.of("hang-first " + store.resolve("marker"))));
            await().atMost(SOON).until(() -> Files.exists(store.resolve("marker")));
            pool.machine(store, "--id", "second", "--parallelism", "1", "--memory-mb", "300");
            first.destroy();
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(1);
            assertThat(http.get("/calls/" + id + "/00000").json().path("attempts").asInt()).isEqualTo(1);
            assertThat(first.waitFor(20, TimeUnit.SECONDS)).isTrue();
        }
    }

    /** A worker that vanishes has deleted nothing: the message is given to another. */
    @Test
    void a_machine_that_vanishes_loses_no_call(@TempDir Path store) {
        try (RunningGateway gateway = pool.gateway(store, NO_EC2)) {
            Http http = gateway.http();
            Process first = pool.machine(store, "--id", "first", "--parallelism", "1", "--visibility", "3",
                    "--memory-mb", "300");
            String id = http.map(ExecutorContract.map(",\"jobMaxRuntime\":60",
                    List.of("hang-first " + store.resolve("marker"))));
            await().atMost(SOON).until(() -> Files.exists(store.resolve("marker")));
            first.descendants().forEach(ProcessHandle::destroyForcibly);
            first.destroyForcibly();
            pool.machine(store, "--id", "second", "--parallelism", "1", "--memory-mb", "300");
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(1);
            await().atMost(SOON).until(() -> pool.waiting(store) == 0);
        }
    }

    /** A cancel leaves a sign for machines, and a delete takes that away with all the rest. */
    @Test
    void what_was_deleted_is_ended_where_it_runs(@TempDir Path store) {
        try (RunningGateway gateway = pool.gateway(store, NO_EC2)) {
            Http http = gateway.http();
            pool.machine(store, "--id", "one", "--parallelism", "1", "--heartbeat", "1", "--memory-mb", "300");
            String id = http.map(ExecutorContract.map("", List.of("forever")));
            await().atMost(SOON).until(() -> machine(http, "one").path("running").asInt() == 1);
            assertThat(http.delete("/calls/" + id).status()).isEqualTo(204);
            await().atMost(SOON).until(() -> machine(http, "one").path("running").asInt() == 0);
            ExecutorContract.assertSquares(http, http.map(ExecutorContract.map("", ExecutorContract.squares(2))), 2);
        }
    }

    @Test
    void functions_run_as_another_user(@TempDir Path store) throws Exception {
        Assumptions.assumeTrue(
                System.getProperty("user.name").equals("root") && Files.isExecutable(Path.of("/usr/bin/setpriv")),
                "to become another user takes root and setpriv");
        try (RunningGateway gateway = pool.gateway(store, NO_EC2)) {
            Http http = gateway.http();
            Process machine = pool.machine(store, "--parallelism", "1", "--run-as", "nobody", "--memory-mb", "300");
            String environ = "/proc/" + machine.pid() + "/environ";
            String id = http.map("{\"function\":{\"jar\":\"fn\",\"handler\":\"fn.WhoAmI\"},\"iterdata\":[[\"" + environ
                    + "\"],[\"" + environ + "\"]]}");
            assertThat(http.done(id).path("states").path("success").asInt())
                    .as(() -> http.get("/calls/" + id + "/futures").text()).isEqualTo(2);
            assertThat(http.get("/calls/" + id + "/results").text()).isEqualTo("[[65534,[false]],[65534,[false]]]");
        }
    }

    @Test
    void two_pools_have_two_queues(@TempDir Path store) {
        assertThatThrownBy(() -> pool.gateway(store, NO_EC2, "--wren.executors.other.kind=standalone",
                "--wren.executors.other.queue=" + pool.queue(store)).close())
                .hasStackTraceContaining("is the queue of the executor");
    }

    @Test
    void wrong_options_are_told(@TempDir Path store) throws Exception {
        Process wrong = pool.machine(store, "--parallelism", "0");
        assertThat(wrong.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(wrong.exitValue()).isEqualTo(64);
        Process unknown = pool.machine(store, "--no-such", "1");
        assertThat(unknown.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(unknown.exitValue()).isEqualTo(64);
    }
}
