package dev.wren.gateway.executor;

import java.io.Serial;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The machines that run an executor's calls: launched and ended here, or joined by themselves. Safe for use by several
 * threads.
 */
public interface InstancePool {

    /** What a machine is at. */
    enum State {
        /** It was launched, and was not heard of yet. */
        PENDING,
        /** It takes calls. */
        RUNNING,
        /** It takes no more calls, and ends when those that it has are over. */
        DRAINING,
        /** Nothing was heard of it for a while. */
        SILENT,
        /** It is gone, or about to be. */
        TERMINATED
    }

    /**
     * A machine.
     *
     * @param id unique in the pool
     * @param name for people
     * @param instanceType empty where there is no such thing
     * @param spot whether it may be taken away
     * @param publicDnsName empty if it is not reached from outside
     * @param launchedAt when it was launched, or has joined
     * @param uptime since then
     * @param idle how long it has had nothing to do; null while that is not known
     * @param endsIn when it ends itself if nothing comes; null if it does not, or is busy
     * @param calls that it has ended
     * @param running invocations that it is at
     * @param workerVersion build of its worker; empty while that is not known
     */
    record Instance(String id, String name, State state, String instanceType, boolean spot, String publicDnsName,
            Instant launchedAt, Duration uptime, @Nullable Duration idle, @Nullable Duration endsIn, long calls,
            int running, String workerVersion) {
    }

    /**
     * What is to be launched. What is null is as configured.
     *
     * @param number from 1
     * @param spotPrice dollars an hour that are paid at most, for instances that may be taken away; null: others
     * @param tags of the instances, besides those that the pool needs
     * @param token the same for each try of one request: what it has launched is not launched twice
     */
    record Launch(int number, @Nullable String instanceType, @Nullable Duration maxIdleTime,
            @Nullable Duration idleTerminateGranularity, @Nullable String gitBranch, @Nullable String gitCommit,
            @Nullable BigDecimal spotPrice, @Nullable Integer parallelism, @Nullable String availabilityZone,
            Map<String, String> tags, String token) {

        public Launch {
            tags = Map.copyOf(tags);
        }

        /** The same with another token. */
        public Launch with(String other) {
            return new Launch(number, instanceType, maxIdleTime, idleTerminateGranularity, gitBranch, gitCommit,
                    spotPrice, parallelism, availabilityZone, tags, other);
        }
    }

    /**
     * Launches machines: all of them, or none.
     *
     * @throws RefusedException if that is not possible now
     * @throws WrongLaunchException if it will never be
     * @throws NotAllowedException if the pool may have no more
     */
    List<Instance> launch(Launch launch);

    /** All machines that are known, the oldest first. */
    List<Instance> instances();

    /**
     * Begins to end a machine: it takes no more calls, and is gone when those that it has are over.
     *
     * @return how it is now; nothing if there is no such machine
     * @throws RefusedException if that is not possible now
     * @throws NotAllowedException if it was not launched here
     */
    Optional<Instance> drain(String id);

    /** Begins to end all machines that were launched; returns them. */
    List<Instance> drainAll();

    /** Whoever has the machines refuses. */
    final class RefusedException extends RuntimeException {

        @Serial
        private static final long serialVersionUID = 1L;

        private final String code;

        /**
         * A refusal.
         *
         * @param code of whoever refuses
         */
        public RefusedException(String code, String message) {
            super(message);
            this.code = code;
        }

        public String code() {
            return code;
        }
    }

    /** A launch has a field that is wrong. */
    final class WrongLaunchException extends RuntimeException {

        @Serial
        private static final long serialVersionUID = 1L;

        private final String field;

        /**
         * What is wrong.
         *
         * @param field its name in the request
         */
        public WrongLaunchException(String field, String message) {
            super(message);
            this.field = field;
        }

        public String field() {
            return field;
        }
    }

    /** The configuration does not allow it. */
    final class NotAllowedException extends RuntimeException {

        @Serial
        private static final long serialVersionUID = 1L;

        public NotAllowedException(String message) {
            super(message);
        }
    }
}
