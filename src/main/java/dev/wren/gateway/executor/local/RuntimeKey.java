package dev.wren.gateway.executor.local;

import dev.wren.gateway.executor.Job;
import dev.wren.gateway.jar.PinnedJar;
import dev.wren.protocol.jvm.OtherUser;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.util.unit.DataSize;

/**
 * Calls that may share a JVM, one after another.
 *
 * @param jars contents of the class path, in order
 * @param environment the variables that were added
 * @param excludeModules packages not taken from the jar
 * @param memory heap
 * @param tenant JVMs are never shared between tenants
 * @param user of the operating system that runs it, or null for the gateway's own
 * @param callset the only callset that the JVM is for, or null
 */
record RuntimeKey(List<String> jars, Map<String, String> environment, List<String> excludeModules, DataSize memory,
        String tenant, @Nullable OtherUser user, @Nullable String callset) {

    static RuntimeKey of(Job job, LocalSettings settings) {
        var map = job.settings();
        DataSize memory = map.config().get("memory") instanceof String text ? DataSize.parse(text) : settings.memory();
        return new RuntimeKey(job.jars().stream().map(PinnedJar::sha256).toList(), map.extraEnv(), map.excludeModules(),
                memory, job.tenant(),
                user(settings.users().get(job.tenant())),
                map.useCachedRuntime() ? null : job.id().text());
    }

    private static @Nullable OtherUser user(@Nullable String name) {
        return name == null ? null : new OtherUser(name);
    }

    /** Whether a JVM that was started for nobody will do. */
    boolean takesSpare(LocalSettings settings) {
        return environment.isEmpty() && user == null && memory.equals(settings.memory());
    }
}
