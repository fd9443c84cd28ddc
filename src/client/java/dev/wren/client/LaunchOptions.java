package dev.wren.client;

import dev.wren.client.generated.model.LaunchRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * How machines are launched; what is not said is as the gateway has it. Each method gives other options, and changes none. The
 * gateway checks them, and says what is wrong.
 */
public final class LaunchOptions {

    private static final LaunchOptions DEFAULTS = new LaunchOptions(request -> {
    });

    private final Consumer<LaunchRequest> fields;

    private LaunchOptions(Consumer<LaunchRequest> fields) {
        this.fields = fields;
    }

    /** Nothing is said. */
    public static LaunchOptions defaults() {
        return DEFAULTS;
    }

    private LaunchOptions with(Consumer<LaunchRequest> more) {
        return new LaunchOptions(fields.andThen(more));
    }

    /** EC2's name of a type, such as {@code m4.4xlarge}. */
    public LaunchOptions instanceType(String type) {
        return with(request -> request.instanceType(type));
    }

    /** After how long without work a machine ends itself; whole seconds. */
    public LaunchOptions maxIdleTime(Duration time) {
        return with(request -> request.maxIdleTime(time.toSeconds()));
    }

    /** A machine ends itself in the last 5% of each such time alone; whole seconds. */
    public LaunchOptions idleTerminateGranularity(Duration time) {
        return with(request -> request.idleTerminateGranularity(time.toSeconds()));
    }

    /** The branch whose worker the machines run. */
    public LaunchOptions gitBranch(String branch) {
        return with(request -> request.gitBranch(branch));
    }

    /** The commit whose worker they run; it wins over the branch. */
    public LaunchOptions gitCommit(String commit) {
        return with(request -> request.gitCommit(commit));
    }

    /** Spot instances, at most at that price an hour, in dollars. */
    public LaunchOptions spotPrice(double price) {
        return with(request -> request.spotPrice(price));
    }

    /** Calls that a machine runs at once. */
    public LaunchOptions parallelism(int calls) {
        return with(request -> request.parallelism(calls));
    }

    /** Where. */
    public LaunchOptions availabilityZone(String zone) {
        return with(request -> request.availabilityZone(zone));
    }

    /** Tags of the machines. */
    public LaunchOptions tags(Map<String, String> tags) {
        return with(request -> request.tags(new HashMap<>(tags)));
    }

    LaunchRequest request(int number) {
        LaunchRequest request = new LaunchRequest().number(number);
        fields.accept(request);
        return request;
    }
}
