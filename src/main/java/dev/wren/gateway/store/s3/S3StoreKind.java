package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.StoreKind;
import java.time.Clock;
import org.springframework.stereotype.Component;

/** Buckets. */
@Component
final class S3StoreKind implements StoreKind {

    private final S3Clients clients;
    private final S3Settings settings;
    private final Clock clock;

    S3StoreKind(S3Clients clients, S3Settings settings, Clock clock) {
        this.clients = clients;
        this.settings = settings;
        this.clock = clock;
    }

    @Override
    public boolean accepts(String location) {
        return location.startsWith(S3Location.SCHEME);
    }

    @Override
    public String form() {
        return "s3://bucket/prefix";
    }

    @Override
    public ObjectStore open(String location) {
        return S3ObjectStore.open(clients.make(), S3Location.parse(location), settings, clock);
    }
}
