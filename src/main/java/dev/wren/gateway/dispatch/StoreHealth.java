package dev.wren.gateway.dispatch;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Part of readiness: whether the store answers, and this gateway drives what is in it. */
@Component("storeHealthIndicator")
final class StoreHealth implements HealthIndicator {

    private final Shards shards;

    StoreHealth(Shards shards) {
        this.shards = shards;
    }

    @Override
    public Health health() {
        return shards.trouble().map(why -> Health.down().withDetail("reason", why)).orElseGet(Health::up).build();
    }
}
