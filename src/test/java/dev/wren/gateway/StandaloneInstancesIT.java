package dev.wren.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.wren.BesideOthers;
import dev.wren.gateway.aws.Ec2Server;
import dev.wren.protocol.Sha256;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;
import tools.jackson.databind.JsonNode;

/** Instances of EC2: launched, seen, ended, and what EC2 does wrong. */
@BesideOthers
class StandaloneInstancesIT {

    private static final Duration SOON = Duration.ofSeconds(60);

    private static TestPool pool;

    @BeforeAll
    static void start() {
        pool = TestPool.startWithEc2("--heartbeat 1 --look 1 --memory-mb 400");
    }

    @AfterAll
    static void stop() {
        pool.close();
    }

    @AfterEach
    void clear() {
        pool.ec2().clear();
        pool.ec2().plays(true);
    }

    private static RunningGateway gateway(Path store, String... settings) {
        List<String> all = new ArrayList<>(List.of("--wren.executors.standalone.look-every=1s",
                "--wren.executors.standalone.parallelism=2", "--wren.executors.standalone.visibility=4s"));
        all.addAll(List.of(settings));
        return pool.gateway(store, all.toArray(String[]::new));
    }

    private static List<JsonNode> instances(Http http, String state) {
        return http.get("/instances?limit=1000&state=" + state).json().path("items").valueStream().toList();
    }

    private static List<String> launch(Http http, String body) {
        Http.Answer answer = http.post("/instances", body);
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer.json().path("items").valueStream().map(each -> each.path("id").asString()).toList();
    }

    /** Three instances; one loses its worker, one its power, and one is taken away. */
    @Test
    void a_map_outlives_its_machines(@TempDir Path store) {
        try (RunningGateway gateway = gateway(store)) {
            Http http = gateway.http();
            List<String> ids = launch(http, "{\"number\":3,\"instanceType\":\"m7i.large\",\"spotPrice\":0.05}");
            assertThat(ids).hasSize(3).doesNotHaveDuplicates();
            await().atMost(SOON).untilAsserted(() -> assertThat(instances(http, "running")).as(() -> log(ids))
                    .hasSize(3));
            InstanceWatch watch = new InstanceWatch(http, pool.ec2(), ids);
            String id = http.map(ExecutorContract.map(",\"jobMaxRuntime\":20", IntStream.range(0, 500)
                    .mapToObj(i -> "square " + i).toList()));
            http.until("/calls/" + id, callset -> callset.path("states").path("success").asInt() >= 50);
            pool.ec2().machine(ids.get(0)).killWorker();
            pool.ec2().client().terminateInstances(terminate -> terminate.instanceIds(ids.get(1)));
            pool.ec2().machine(ids.get(2)).say("spot/instance-action",
                    "{\"action\":\"terminate\",\"time\":\"2026-01-01T00:02:00Z\"}");
            ExecutorContract.assertSquares(http, id, 500);
            JsonNode states = http.get("/calls/" + id).json().path("states");
            assertThat(states.path("success").asInt()).isEqualTo(500);
            // The first goes on, by another worker.
            await().atMost(SOON).untilAsserted(() -> {
                assertThat(instances(http, "terminated")).extracting(each -> each.path("id").asString())
                        .containsExactlyInAnyOrder(ids.get(1), ids.get(2));
                assertThat(instances(http, "running")).extracting(each -> each.path("id").asString())
                        .containsExactly(ids.get(0));
            });
            watch.close();
            assertThat(watch.wrong()).isEmpty();
            assertThat(watch.states().getFirst()).containsExactly("running");
            assertThat(watch.states().get(1)).endsWith("terminated");
            assertThat(watch.states().get(2)).endsWith("terminated");
            JsonNode left = http.get("/instances/" + ids.get(0)).json();
            assertThat(left.path("instanceType").asString()).isEqualTo("m7i.large");
            assertThat(left.path("spot").asBoolean()).isTrue();
            assertThat(left.path("workerVersion").asString()).hasSize(64);
            assertThat(left.path("publicDnsName").asString()).isNotEmpty();
            assertThat(pool.ec2().live()).hasSize(1);
        }
    }

    private static String log(List<String> ids) {
        return ids.stream().map(id -> pool.ec2().machine(id)).filter(Objects::nonNull)
                .map(machine -> machine.log()).toList().toString();
    }

    /** Each worker that gets the call is killed by it, and started again by its machine. */
    @Test
    void a_call_that_no_worker_survives_is_lost_with_the_reason(@TempDir Path store) {
        try (RunningGateway gateway = gateway(store, "--wren.remote.max-receives=2",
                "--wren.executors.standalone.visibility=2s")) {
            Http http = gateway.http();
            List<String> ids = launch(http, "{\"parallelism\":1}");
            String id = http.map(ExecutorContract.map(",\"chunkSize\":2", List.of("kill-parent", "square 2")));
            JsonNode states = http.done(id).path("states");
            assertThat(states.path("success").asInt()).as(() -> log(ids)).isEqualTo(1);
            JsonNode lost = http.get("/calls/" + id + "/00000").json();
            assertThat(lost.path("error").path("code").asString()).isEqualTo("LOST");
            assertThat(lost.path("error").path("message").asString())
                    .contains("no machine survived it: it was given to 2 of them");
            ExecutorContract.assertSquares(http, http.map(ExecutorContract.map("", ExecutorContract.squares(3))), 3);
            assertThat(pool.waiting(store)).isZero();
        }
    }

    /** What it costs goes by seconds here: ten of them are paid at once. */
    @Test
    void what_is_idle_ends_in_the_last_part_of_what_is_paid_and_the_pool_is_known_after_a_restart(@TempDir Path store) {
        String id;
        try (RunningGateway gateway = gateway(store)) {
            Http http = gateway.http();
            id = launch(http, "{\"maxIdleTime\":3,\"idleTerminateGranularity\":12,\"tags\":{\"team\":\"red\"}}")
                    .getFirst();
            await().atMost(SOON).untilAsserted(
                    () -> assertThat(instances(http, "running")).as(() -> log(List.of(id))).hasSize(1));
            assertThat(instances(http, "running").getFirst().path("endsIn").asDouble()).isBetween(0.0, 12.0);
        }
        try (RunningGateway gateway = gateway(store)) {
            Http http = gateway.http();
            await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
                JsonNode there = http.get("/instances/" + id).json();
                assertThat(there.path("state").asString()).isIn("running", "draining", "terminated");
                assertThat(there.path("instanceType").asString()).isEqualTo("m4.4xlarge");
            });
            await().atMost(SOON).untilAsserted(
                    () -> assertThat(http.get("/instances/" + id).json().path("state").asString())
                            .isEqualTo("terminated"));
            await().atMost(SOON).until(() -> pool.ec2().live().isEmpty());
            assertThat(pool.ec2().machine(id).log()).contains("the machine has nothing to do");
        }
    }

    @Test
    void an_instance_is_drained_and_pools_do_not_see_each_other(@TempDir Path store, @TempDir Path other,
            @TempDir Path meeting) throws Exception {
        try (RunningGateway gateway = gateway(store, "--wren.executors.standalone.drain-time=20s");
                RunningGateway another = gateway(other)) {
            Http http = gateway.http();
            // Each has one of the two calls: one that has nothing is gone as soon as it hears that it is drained.
            List<String> ids = launch(http, "{\"number\":2,\"parallelism\":1}");
            List<String> foreign = launch(another.http(), "{\"number\":1}");
            await().atMost(SOON).untilAsserted(() -> {
                assertThat(instances(http, "running")).as(() -> log(ids)).hasSize(2);
                assertThat(instances(another.http(), "running")).hasSize(1);
            });
            assertThat(http.get("/instances/" + foreign.getFirst()).status()).isEqualTo(404);
            assertThat(http.delete("/instances/" + foreign.getFirst()).status()).isEqualTo(404);
            // They end when it is known that it is drained while they run, however late one of them begins.
            String id = http.map(ExecutorContract.map("", Collections.nCopies(2, "meet 3 " + meeting)));
            http.until("/instances", list -> list.path("items").valueStream()
                    .allMatch(each -> each.path("running").asInt() == 1));
            Http.Answer drained = http.delete("/instances/" + ids.getFirst());
            assertThat(drained.status()).isEqualTo(202);
            assertThat(drained.json().path("state").asString()).as(() -> log(ids)).isEqualTo("draining");
            Files.createFile(meeting.resolve("drained"));
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(2);
            assertThat(http.get("/calls/" + id + "/futures").json().path("items").valueStream()
                    .map(future -> future.path("attempts").asInt())).containsOnly(1);
            await().atMost(SOON).untilAsserted(() -> assertThat(
                    http.get("/instances/" + ids.getFirst()).json().path("state").asString()).isEqualTo("terminated"));
            // What was given out twice, since a machine was slow to say that it holds it, would be something long.
            await().atMost(SOON).until(() -> pool.waiting(store) == 0);
            // One that may be taken away begins nothing long, and short calls only until it is asked for more.
            pool.ec2().machine(ids.getLast()).say("events/recommendations/rebalance", "{\"noticeTime\":\"x\"}");
            await().atMost(SOON).until(
                    () -> pool.ec2().machine(ids.getLast()).isTold("events/recommendations/rebalance"));
            ExecutorContract.assertSquares(http,
                    http.map(ExecutorContract.map(",\"jobMaxRuntime\":5", ExecutorContract.squares(3))), 3);
            assertThat(http.get("/instances/" + ids.getLast()).json().path("state").asString()).as(() -> log(ids))
                    .isEqualTo("running");
            String longer = http.map(ExecutorContract.map(",\"jobMaxRuntime\":500", List.of("square 7")));
            await().atMost(SOON).untilAsserted(() -> assertThat(
                    http.get("/instances/" + ids.getLast()).json().path("state").asString()).isEqualTo("terminated"));
            assertThat(http.get("/calls/" + longer).json().path("states").path("success").asInt()).isZero();
            assertThat(pool.ec2().machine(ids.getLast()).log()).contains("the machine may be taken away");
            http.post("/calls/" + longer + "/cancel", "");
            // Those that were launched and not heard of go at once.
            pool.ec2().plays(false);
            List<String> late = launch(http, "{\"number\":2}");
            assertThat(http.delete("/instances").json().path("items").valueStream()
                    .map(each -> each.path("id").asString())).containsExactlyInAnyOrderElementsOf(late);
            await().atMost(SOON).until(() -> pool.ec2().live().size() == 1);
            assertThat(instances(another.http(), "running")).hasSize(1);
        }
    }

    @Test
    void what_ec2_refuses_is_said_and_leaves_nothing(@TempDir Path store) {
        pool.ec2().plays(false);
        try (RunningGateway gateway = gateway(store, "--wren.executors.standalone.max-instances=5")) {
            Http http = gateway.http();
            pool.ec2().script(request -> "CreateFleet".equals(request.get("Action"))
                    ? Ec2Server.error("InsufficientInstanceCapacity", "There is no room.")
                    : null);
            Http.Answer refused = http.post("/instances", "{\"number\":2}");
            assertThat(refused.status()).isEqualTo(502);
            assertThat(refused.json().path("type").asString()).isEqualTo("urn:wren:problem:ec2-refused");
            assertThat(refused.json().path("code").asString()).isEqualTo("InsufficientInstanceCapacity");
            pool.ec2().noScripts();
            // Two came of the three that were asked for.
            pool.ec2().script(partly(2));
            Http.Answer partial = http.post("/instances", "{\"number\":3}");
            assertThat(partial.status()).as(partial.text()).isEqualTo(502);
            assertThat(partial.json().path("code").asString()).isEqualTo("MaxSpotInstanceCountExceeded");
            assertThat(partial.json().path("detail").asString()).contains("2 of 3");
            assertThat(pool.ec2().live()).isEmpty();
            pool.ec2().noScripts();
            // Throttled twice, and tried again by the client, with the same token.
            AtomicInteger throttled = new AtomicInteger();
            List<String> tokens = new CopyOnWriteArrayList<>();
            pool.ec2().script(request -> {
                if (!"CreateFleet".equals(request.get("Action"))) {
                    return null;
                }
                tokens.add(request.get("ClientToken"));
                return throttled.incrementAndGet() <= 2
                        ? Ec2Server.error("RequestLimitExceeded", "Request limit exceeded.")
                        : null;
            });
            List<String> ids = launch(http, "{\"number\":1}");
            assertThat(tokens).hasSize(3).allMatch(tokens.getFirst()::equals);
            assertThat(instances(http, "pending")).extracting(each -> each.path("id").asString())
                    .containsExactlyElementsOf(ids);
            // EC2 may not know yet what it has launched.
            pool.ec2().script(request -> "DescribeInstances".equals(request.get("Action"))
                    ? "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><reservationSet/>"
                            + "</DescribeInstancesResponse>"
                    : null);
            await().during(Duration.ofSeconds(3)).atMost(Duration.ofSeconds(10)).untilAsserted(
                    () -> assertThat(http.get("/instances/" + ids.getFirst()).json().path("state").asString())
                            .isEqualTo("pending"));
            pool.ec2().noScripts();
            Http.Answer tooMany = http.post("/instances", "{\"number\":5}");
            assertThat(tooMany.status()).isEqualTo(403);
            assertThat(tooMany.json().path("detail").asString()).contains("may have 5");
            assertThat(pool.ec2().live()).hasSize(1);
        }
    }

    /** moto launches all that is asked for; EC2 may not. */
    private static Function<Map<String, String>, String> partly(int number) {
        return request -> {
            if (!"CreateFleet".equals(request.get("Action"))) {
                return null;
            }
            List<String> ids = pool.ec2().client().runInstances(run -> run.imageId("ami-03cf127a").minCount(number)
                    .maxCount(number)).instances().stream().map(each -> each.instanceId()).toList();
            return "<CreateFleetResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><fleetId>f</fleetId>"
                    + "<errorSet><item><errorCode>MaxSpotInstanceCountExceeded</errorCode><errorMessage>No more."
                    + "</errorMessage></item></errorSet><fleetInstanceSet><item><instanceIds>"
                    + ids.stream().map(id -> "<item>" + id + "</item>").reduce("", String::concat)
                    + "</instanceIds></item></fleetInstanceSet></CreateFleetResponse>";
        };
    }

    @Test
    void wrong_launches_are_refused_and_a_key_launches_once(@TempDir Path store) {
        pool.ec2().plays(false);
        try (RunningGateway gateway = gateway(store, "--wren.executors.standalone.max-hourly-cost=1",
                "--wren.executors.standalone.hourly-prices.[m4.4xlarge]=0.8")) {
            Http http = gateway.http();
            Http.Answer wrong = http.post("/instances", "{\"number\":0,\"instanceType\":\"M 4\",\"maxIdleTime\":1.5,"
                    + "\"colour\":1,\"spotPrice\":\"x\",\"tags\":{\"wren-pool\":\"x\"}}");
            assertThat(wrong.status()).isEqualTo(400);
            assertThat(wrong.json().path("errors").valueStream().map(each -> each.path("pointer").asString()))
                    .containsExactlyInAnyOrder("/number", "/instanceType", "/maxIdleTime", "/colour", "/spotPrice",
                            "/tags/wren-pool");
            assertThat(http.post("/instances", "{\"gitCommit\":\"no-such\"}").json().path("errors").get(0)
                    .path("pointer").asString()).isEqualTo("/gitCommit");
            assertThat(http.post("/instances?executor=local", "{}").status()).isEqualTo(400);
            pool.write(store, "builds/branches/topic=2Fone", "abc123\n");
            assertThat(http.post("/instances", "{\"gitBranch\":\"topic/one\"}").json().path("errors").get(0)
                    .path("detail").asString()).contains("builds/abc123/wren-worker.jar");
            assertThat(pool.ec2().live()).isEmpty();
            String[] key = {"Idempotency-Key", "once"};
            // What is refused leaves the key free, also for another body; each try has a token of its own.
            List<String> tokens = new CopyOnWriteArrayList<>();
            pool.ec2().script(request -> {
                if (!"CreateFleet".equals(request.get("Action"))) {
                    return null;
                }
                tokens.add(request.get("ClientToken"));
                return tokens.size() <= 2 ? Ec2Server.error("InsufficientInstanceCapacity", "There is no room.") : null;
            });
            assertThat(http.post("/instances", "{\"availabilityZone\":\"us-east-1a\"}", key).status()).isEqualTo(502);
            assertThat(http.post("/instances", "{\"number\":1}", key).status()).isEqualTo(502);
            Http.Answer first = http.post("/instances", "{\"number\":1}", key);
            assertThat(first.status()).as(first.text()).isEqualTo(202);
            assertThat(tokens).hasSize(3).doesNotHaveDuplicates();
            Http.Answer again = http.post("/instances", "{\"number\":1}", key);
            assertThat(again.status()).isEqualTo(200);
            assertThat(again.json().path("items").get(0).path("id")).isEqualTo(first.json().path("items").get(0)
                    .path("id"));
            assertThat(http.post("/instances", "{\"number\":2}", key).status()).isEqualTo(422);
            assertThat(pool.ec2().live()).hasSize(1);
            pool.write(store, "builds/abc123/wren-worker.jar", "a build");
            launch(http, "{\"gitBranch\":\"topic/one\",\"spotPrice\":0.01,\"tags\":{\"team\":\"red\"}}");
            assertThat(pool.ec2().live()).anySatisfy(instance -> assertThat(instance.tags())
                    .anyMatch(tag -> tag.key().equals("wren-build") && tag.value().equals("abc123"))
                    .anyMatch(tag -> tag.key().equals("team") && tag.value().equals("red"))
                    .anyMatch(tag -> tag.key().equals("wren-build-sha256")
                            && tag.value().equals(Sha256.hex("a build"))));
            Http.Answer dear = http.post("/instances", "{}");
            assertThat(dear.status()).isEqualTo(403);
            assertThat(dear.json().path("detail").asString()).contains("1.61 dollars an hour");
            assertThat(http.get("/instances?state=here").status()).isEqualTo(400);
        }
    }

    /** PyWren's lists ended at 200. */
    @Test
    void what_nobody_owns_is_ended_and_lists_are_whole(@TempDir Path store) {
        pool.ec2().plays(false);
        try (RunningGateway gateway = gateway(store, "--wren.executors.standalone.boot-timeout=4s")) {
            Http http = gateway.http();
            // One that is not known ends none of them.
            AtomicReference<String> unknown = new AtomicReference<>();
            pool.ec2().script(request -> "TerminateInstances".equals(request.get("Action"))
                    && request.containsKey("InstanceId.2")
                    && (unknown.get() == null || request.containsValue(unknown.get()))
                            ? Ec2Server.error("InvalidInstanceID.NotFound", "The instance ID does not exist")
                            : null);
            List<String> ids = launch(http, "{\"number\":210}");
            unknown.set(ids.get(77));
            assertThat(ids).hasSize(210).doesNotHaveDuplicates();
            JsonNode page = http.get("/instances?limit=200").json();
            assertThat(page.path("items")).hasSize(200);
            assertThat(http.get(page.path("next").asString()).json().path("items")).hasSize(10);
            // Launched by a gateway that died before it could note it: only the tag says whose it is.
            pool.ec2().client().runInstances(run -> run.imageId("ami-03cf127a").minCount(1).maxCount(1)
                    .tagSpecifications(TagSpecification.builder().resourceType("instance")
                            .tags(Tag.builder().key("wren-pool").value(pool.queue(store)).build()).build()));
            await().atMost(SOON).until(() -> pool.ec2().live().isEmpty());
            await().atMost(SOON).untilAsserted(() -> assertThat(instances(http, "pending")).isEmpty());
        }
    }

    /** moto's pages are of reservations, of which each launch is one. */
    @Test
    void all_pages_of_ec2_are_read(@TempDir Path store) {
        pool.ec2().plays(false);
        String name = pool.queue(store);
        pool.ec2().script(request -> "DescribeInstances".equals(request.get("Action"))
                ? request.containsKey("NextToken")
                        ? page("i-00000000000000002", name, "")
                        : page("i-00000000000000001", name, "<nextToken>more</nextToken>")
                : null);
        try (RunningGateway gateway = gateway(store)) {
            assertThat(instances(gateway.http(), "pending")).extracting(each -> each.path("id").asString())
                    .containsExactly("i-00000000000000001", "i-00000000000000002");
        }
    }

    private static String page(String id, String pool, String more) {
        return "<DescribeInstancesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><reservationSet><item>"
                + "<instancesSet><item><instanceId>" + id + "</instanceId><instanceType>m7i.large</instanceType>"
                + "<instanceState><code>16</code><name>running</name></instanceState><launchTime>" + Instant.now()
                + "</launchTime><tagSet><item><key>wren-pool</key><value>" + pool + "</value></item></tagSet></item>"
                + "</instancesSet></item></reservationSet>" + more + "</DescribeInstancesResponse>";
    }

    @Test
    void the_pool_grows_with_its_queue_and_shrinks_again(@TempDir Path store) {
        try (RunningGateway gateway = gateway(store, "--wren.executors.standalone.scaling.max=2",
                "--wren.executors.standalone.scaling.target-calls=4",
                "--wren.executors.standalone.scaling.cool-down=1s")) {
            Http http = gateway.http();
            assertThat(pool.ec2().live()).isEmpty();
            String id = http.map(ExecutorContract.map("", IntStream.range(0, 40).mapToObj(_ -> "sleep 200").toList()));
            assertThat(http.done(id).path("states").path("success").asInt()).isEqualTo(40);
            long launched = pool.ec2().requests().stream().filter("CreateFleet"::equals).count();
            assertThat(pool.ec2().live()).hasSizeLessThanOrEqualTo(2);
            assertThat(launched).isBetween(1L, 40L);
            await().atMost(SOON).until(() -> pool.ec2().live().isEmpty());
        }
    }
}
