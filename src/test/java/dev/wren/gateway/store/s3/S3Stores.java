package dev.wren.gateway.store.s3;

import dev.wren.gateway.store.ObjectStore;
import dev.wren.gateway.store.UserBuckets;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

/** Stores on stand-ins, with the clients that a gateway has. */
public final class S3Stores {

    /** Long enough for a slow machine, and short where an answer never comes. */
    static final Duration LIMIT = Duration.ofSeconds(1);

    private S3Stores() {
    }

    static S3Settings settings(String... more) {
        MapConfigurationPropertySource source = new MapConfigurationPropertySource(Map.of("wren.s3.path-style", true,
                "wren.s3.request-timeout", LIMIT.toMillis() + "ms", "wren.s3.part-size",
                DataSize.ofMegabytes(5).toBytes() + "B"));
        for (int i = 0; i < more.length; i += 2) {
            source.put("wren.s3." + more[i], more[i + 1]);
        }
        return new Binder(source).bindOrCreate("wren.s3", S3Settings.class);
    }

    /** Where the configuration allows no bucket. */
    public static UserBuckets noUserBuckets() {
        return new S3UserBuckets(new S3Clients(null, settings(), new SimpleMeterRegistry()), settings());
    }

    static ObjectStore open(URI endpoint, String location, S3Settings settings, Clock clock) {
        return S3ObjectStore.open(S3Clients.configure(S3Server.builder(endpoint), settings, new S3Requests(
                new SimpleMeterRegistry())).build(), S3Location.parse(location),
                settings, clock);
    }
}
