package dev.wren.gateway.limits;

/**
 * How much of what is bounded one tenant alone may have.
 *
 * @param part over 0, at most 1; 1 where there is one tenant only
 */
public record TenantShare(double part) {

    public TenantShare {
        if (!(part > 0 && part <= 1)) {
            throw new IllegalArgumentException("a tenant's share is over 0 and at most 1, not " + part);
        }
    }
}
