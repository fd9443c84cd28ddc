package dev.wren.gateway.limits;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HashMap;
import java.util.Map;

/** So much of something, for all tenants together, and a part of it for each. Safe for use by several threads. */
public final class Quota {

    private final String what;
    private final long limit;
    private final long tenantLimit;
    private final Map<String, Long> used = new HashMap<>();
    private long sum;

    /**
     * A quota, shown as {@code wren.quota.used} and {@code wren.quota.limit}.
     *
     * @param name for the metric: letters and hyphens
     * @param what there is so much of, for a caller: {@code callsets that run}
     */
    public Quota(String name, String what, long limit, TenantShare share, MeterRegistry metrics) {
        this.what = what;
        this.limit = limit;
        this.tenantLimit = Math.max(1, (long) (limit * share.part()));
        Gauge.builder("wren.quota.used", this, Quota::used).description("what is taken of a bound").tag("quota", name)
                .register(metrics);
        Gauge.builder("wren.quota.limit", () -> limit).description("a bound").tag("quota", name).register(metrics);
    }

    /** What is taken by all. */
    public synchronized long used() {
        return sum;
    }

    /** Takes {@code amount}; false where there is not so much left. */
    public synchronized boolean tryAcquire(String tenant, long amount) {
        long before = used.getOrDefault(tenant, 0L);
        if (sum + amount > limit || before + amount > tenantLimit) {
            return false;
        }
        add(tenant, amount);
        return true;
    }

    /** Takes {@code amount} also where there is not so much left: it is there, and has to be counted. */
    public synchronized void acquireAnyway(String tenant, long amount) {
        add(tenant, amount);
    }

    /**
     * Takes {@code amount}.
     *
     * @throws QuotaExceededException where there is not so much left
     */
    public void acquire(String tenant, long amount) {
        if (!tryAcquire(tenant, amount)) {
            throw new QuotaExceededException(what, limit, tenantLimit);
        }
    }

    /** Gives back what was taken. */
    public synchronized void release(String tenant, long amount) {
        add(tenant, -amount);
    }

    private void add(String tenant, long amount) {
        sum += amount;
        used.compute(tenant, (_, before) -> {
            long now = (before == null ? 0 : before) + amount;
            return now == 0 ? null : now;
        });
    }

    /** Something that grows, and gives all back when it is closed. Used by one thread at a time. */
    public Grant grant(String tenant) {
        return new Grant(tenant);
    }

    /** What one taker has. Used by one thread at a time. */
    public final class Grant implements AutoCloseable {

        private final String tenant;
        private long amount;

        private Grant(String tenant) {
            this.tenant = tenant;
        }

        /**
         * Takes more.
         *
         * @throws QuotaExceededException where there is not so much left
         */
        public void grow(long more) {
            acquire(tenant, more);
            amount += more;
        }

        /** Takes more also where there is not so much left: it is there, and has to be counted. */
        public void growAnyway(long more) {
            acquireAnyway(tenant, more);
            amount += more;
        }

        @Override
        public void close() {
            release(tenant, amount);
            amount = 0;
        }
    }
}
