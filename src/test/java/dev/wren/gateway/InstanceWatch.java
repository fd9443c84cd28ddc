package dev.wren.gateway;

import dev.wren.gateway.aws.Ec2Server;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Looks at the list of instances all the time, beside what EC2 has: each is always there, none comes back, and the two
 * differ for a moment only.
 */
final class InstanceWatch implements AutoCloseable {

    private static final List<String> ORDER = List.of("pending", "running", "draining", "terminated");
    private static final Duration EVERY = Duration.ofMillis(200);
    /** The pool is looked at each second; as many for the request to end it, and for EC2 to do so. */
    private static final Duration MOMENT = Duration.ofSeconds(6);

    private final Http http;
    private final Ec2Server ec2;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().factory());
    private final Map<String, List<String>> states = new LinkedHashMap<>();
    private final Map<String, Long> differs = new HashMap<>();
    private final List<String> wrong = new ArrayList<>();

    InstanceWatch(Http http, Ec2Server ec2, List<String> ids) {
        this.http = http;
        this.ec2 = ec2;
        ids.forEach(id -> states.put(id, new ArrayList<>()));
        var _ = timer.scheduleWithFixedDelay(this::look, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        try {
            compare();
        } catch (RuntimeException | AssertionError e) {
            wrong.add(e.toString());
        }
    }

    private void compare() {
        Map<String, String> listed = http.get("/instances?limit=1000").json().path("items").valueStream().collect(
                Collectors.toMap(each -> each.path("id").asString(), each -> each.path("state").asString()));
        Set<String> live = ec2.live().stream().map(each -> each.instanceId()).collect(Collectors.toSet());
        if (!listed.keySet().equals(states.keySet())) {
            wrong.add("listed: " + listed);
        }
        listed.forEach((id, state) -> {
            List<String> before = states.getOrDefault(id, new ArrayList<>());
            if (before.isEmpty() || !before.getLast().equals(state)) {
                if (!before.isEmpty() && ORDER.indexOf(state) < ORDER.indexOf(before.getLast())) {
                    wrong.add(id + " is " + state + " after " + before);
                }
                before.add(state);
            }
            if (live.contains(id) == state.equals("terminated")) {
                long since = differs.computeIfAbsent(id, _ -> System.nanoTime());
                if (System.nanoTime() - since > MOMENT.toNanos()) {
                    wrong.add(id + " is " + state + ", and EC2 has " + live);
                }
            } else {
                differs.remove(id);
            }
        });
    }

    /** What was wrong; after the end. */
    List<String> wrong() {
        return wrong;
    }

    /** The states that each instance was seen in, in the order of the ids; after the end. */
    List<List<String>> states() {
        return List.copyOf(states.values());
    }

    @Override
    public void close() {
        timer.close();
    }
}
