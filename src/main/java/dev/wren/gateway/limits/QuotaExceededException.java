package dev.wren.gateway.limits;

/** There is not so much left, for all or for the tenant who asked. */
public final class QuotaExceededException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String what;
    private final long limit;
    private final long tenantLimit;

    QuotaExceededException(String what, long limit, long tenantLimit) {
        super("at most " + limit + " " + what);
        this.what = what;
        this.limit = limit;
        this.tenantLimit = tenantLimit;
    }

    /** What there is so much of, in words. */
    public String what() {
        return what;
    }

    /** For all tenants together. */
    public long limit() {
        return limit;
    }

    /** For one tenant. */
    public long tenantLimit() {
        return tenantLimit;
    }
}
