package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract with workers that are far away, and what only those can do. */
class FarExecutorIT extends ExecutorContract {

    private final List<FarExecutor> all = new ArrayList<>();
    /** Of the next gateway; of each test a new one. */
    private FarExecutor far;

    @BeforeEach
    void begin() {
        far = new FarExecutor();
        all.add(far);
    }

    @AfterAll
    void end() {
        closeShared();
        all.forEach(FarExecutor::close);
    }

    @Override
    RunningGateway start(Path store) {
        return RunningGateway.startWithFunctions(store, far::in, RunningGateway.MANAGED,
                "--wren.executors.far.kind=far",
                "--wren.default-executor=far");
    }

    private static double receipts(RunningGateway gateway, String receipt) {
        Http management = new Http(gateway.managementUrl());
        return management.get("/actuator/prometheus").text().lines()
                .filter(line -> line.startsWith("wren_reports_total") && line.contains("\"" + receipt + "\""))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
    }

    /** They were noted, so a restart awaits them: nothing is run twice, although all reports come after it. */
    @Test
    void what_was_sent_is_awaited_after_a_restart_and_not_sent_again(@TempDir Path store) {
        String id;
        try (RunningGateway gateway = start(store)) {
            far.connected(false);
            id = gateway.http().map(map("", squares(100)));
            await().atMost(Duration.ofSeconds(20)).until(() -> far.runs() == 100);
            await().atMost(Duration.ofSeconds(20)).until(
                    () -> gateway.http().get("/calls/" + id).json().path("states").path("invoked").asInt() == 100);
        }
        try (RunningGateway gateway = start(store)) {
            assertThat(gateway.http().get("/calls/" + id).json().path("states").path("invoked").asInt())
                    .isEqualTo(100);
            assertThat(far.inFlight()).as("awaited sendings count as in flight").isEqualTo(100);
            far.connected(true);
            assertSquares(gateway.http(), id, 100);
            assertThat(far.runs()).isEqualTo(100);
            await().atMost(Duration.ofSeconds(20)).until(() -> far.inFlight() == 0);
        }
    }

    @Test
    void what_is_never_heard_of_is_sent_again_past_its_time(@TempDir Path store) {
        far.allowance(Duration.ofMillis(700));
        try (RunningGateway gateway = start(store)) {
            Http http = gateway.http();
            String id = http.map(map("", List.of("text lost", "text found")));
            http.done(id);
            assertThat(http.get("/calls/" + id + "/00000/result").json().asString()).isEqualTo("lost");
            // That a worker was lost is no attempt of the call.
            assertThat(http.get("/calls/" + id + "/00000").json().path("attempts").asInt()).isEqualTo(1);
            assertThat(far.runs()).isEqualTo(3);
            await().atMost(Duration.ofSeconds(20)).until(() -> far.inFlight() == 0);
        }
    }

    @Test
    void what_stays_unheard_of_is_lost_in_the_end(@TempDir Path store) {
        far.allowance(Duration.ofMillis(200));
        try (RunningGateway gateway = start(store)) {
            far.connected(false);
            Http http = gateway.http();
            String id = http.map(map("", List.of("square 2")));
            http.done(id);
            assertThat(http.get("/calls/" + id + "/00000").json().path("error").path("code").asString())
                    .isEqualTo("LOST");
            // What comes now is too late, and changes nothing.
            far.connected(true);
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> receipts(gateway, "not_driven") + receipts(gateway, "dropped") >= 1);
            assertThat(http.get("/calls/" + id + "/00000").json().path("error").path("code").asString())
                    .isEqualTo("LOST");
        }
    }

    /** A quarter of all reports come twice. */
    @Test
    void what_comes_twice_is_counted_and_dropped(@TempDir Path store) {
        try (RunningGateway gateway = start(store)) {
            Http http = gateway.http();
            String id = http.map(map("", squares(400)));
            assertSquares(http, id, 400);
            await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
                assertThat(receipts(gateway, "taken")).isEqualTo(400);
                assertThat(receipts(gateway, "dropped") + receipts(gateway, "not_driven")).isGreaterThan(50);
            });
        }
    }

    @Test
    void a_cancelled_call_takes_no_room_although_its_worker_goes_on(@TempDir Path store) {
        try (RunningGateway gateway = start(store)) {
            Http http = gateway.http();
            far.connected(false);
            String id = http.map(map("", Collections.nCopies(150, "square 1")));
            await().atMost(Duration.ofSeconds(20)).until(() -> far.inFlight() >= 150);
            http.post("/calls/" + id + "/cancel", "");
            await().atMost(Duration.ofSeconds(20)).until(() -> far.inFlight() <= 1);
            far.connected(true);
            assertSquares(http, http.map(map("", squares(150))), 150);
            assertThat(http.get("/calls/" + id).json().path("states").path("cancelled").asInt()).isEqualTo(150);
        }
    }
}
