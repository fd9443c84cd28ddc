package dev.wren.gateway.executor.local;

import dev.wren.gateway.limits.ByteRange;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.hibernate.validator.constraints.time.DurationMin;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Settings of one local executor, under {@code wren.executors.<name>}.
 *
 * @param workers calls run at once: one a core, at least two, where it is not given; 1 to 1,024, but at least two run
 * @param processes worker JVMs alive at once, busy or idle, without the spare: where it is not given twice the workers,
 * or fewer where the machine or container has less memory, but never fewer than the workers
 * @param spare whether a JVM is kept ready that no function was loaded in
 * @param memory heap of a worker JVM; 0: 512 MB, or less where the machine or container has less for all of them
 * @param idleTimeout how long an unused JVM is kept
 * @param startTimeout how long a JVM may take until it presents itself
 * @param setupTimeout how long loading and constructing a function may take
 * @param grace how long a worker may be silent beyond {@code setupTimeout} and a call's {@code jobMaxRuntime}; then it
 * is ended, whatever it is at
 * @param stopTimeout how long calls may go on when the gateway stops
 * @param chunkTime run time that a chunk is to come to, where the caller has not said how many data go into one
 * @param recallAfter when a call runs longer, those after it in its chunk go elsewhere
 * @param chunkMax data in a chunk, at most, where the caller has not said how many
 * @param inlineLimit bytes of a value's JSON up to which it travels in its record; at most 4 MB
 * @param resultLimit bytes of a value's JSON, at most; at most 2 GB
 * @param excerptLimit bytes of output shown with the status of a call; at most 4 MB
 * @param logLimit bytes of output kept, at most 2 GB; of more, head and tail
 * @param nestingLimit levels of nesting of a datum or value
 * @param users names of the operating system's users that run the functions of tenants, by tenant: other tenants' files
 * and the gateway's own are closed to these. The gateway must be root then, and there must be {@code setpriv}
 * @param environment names of the gateway's environment variables that workers inherit
 * @param jvmArguments further arguments of worker JVMs
 * @param overridable settings that a map may override by {@code config}: of {@code memory}
 * @param cacheFolder where what is made once (the worker's jar, its start-up cache) is kept; a private folder among the
 * system's temporary files where it is not given
 */
@Validated
@ConfigurationProperties("wren.executors.local")
record LocalSettings(@Nullable @Min(1) @Max(LocalSettings.MAX_WORKERS) Integer workers,
        @Nullable @Min(2) Integer processes, @DefaultValue("true") boolean spare,
        @DefaultValue("0B") @ByteRange(min = 0) DataSize memory,
        @DefaultValue("60s") @DurationMin(millis = 1) Duration idleTimeout,
        @DefaultValue("60s") @DurationMin(millis = 1) Duration startTimeout,
        @DefaultValue("60s") @DurationMin(millis = 1) Duration setupTimeout,
        @DefaultValue("10s") @DurationMin Duration grace,
        @DefaultValue("10s") @DurationMin Duration stopTimeout, @DefaultValue("20ms") @DurationMin Duration chunkTime,
        @DefaultValue("100ms") @DurationMin(millis = 1) Duration recallAfter,
        @DefaultValue("4096") @Min(1) int chunkMax,
        @DefaultValue("64KB") @ByteRange(max = LocalSettings.MAX_INLINE) DataSize inlineLimit,
        @DefaultValue("64MB") @ByteRange(max = Integer.MAX_VALUE) DataSize resultLimit,
        @DefaultValue("8KB") @ByteRange(max = LocalSettings.MAX_INLINE) DataSize excerptLimit,
        @DefaultValue("1MB") @ByteRange(max = Integer.MAX_VALUE) DataSize logLimit,
        @DefaultValue("1000") @Min(1) @Max(100_000) int nestingLimit,
        @DefaultValue Map<String, String> users,
        @DefaultValue({
                "PATH", "HOME", "LANG", "LC_ALL", "TZ"}) List<String> environment,
        @DefaultValue List<String> jvmArguments, @DefaultValue("memory") Set<String> overridable,
        @Nullable String cacheFolder) {

    static final int MAX_WORKERS = 1024;
    /** A message of reports has at most 16 MB. */
    static final long MAX_INLINE = 4L << 20;

    LocalSettings {
        users = Map.copyOf(users);
        environment = List.copyOf(environment);
        jvmArguments = List.copyOf(jvmArguments);
        overridable = Set.copyOf(overridable);
        if (memory.toBytes() == 0) {
            memory = WorkerMemory.here().heap(slots(workers));
        }
    }

    private static int slots(@Nullable Integer workers) {
        return Math.max(2, workers == null ? Runtime.getRuntime().availableProcessors() : workers);
    }

    /** Longer than this no worker is silent that does its work. */
    Duration silence(Duration jobMaxRuntime) {
        return setupTimeout.plus(jobMaxRuntime).plus(grace);
    }

    /** Calls run at once. */
    int slots() {
        return slots(workers);
    }

    /** JVMs alive at once. */
    int maxProcesses() {
        return Math.max(slots(), processes == null
                ? Math.min(2 * slots(), WorkerMemory.here().processes(memory))
                : processes);
    }
}
