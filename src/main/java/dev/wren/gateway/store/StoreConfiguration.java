package dev.wren.gateway.store;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.stream.Collectors;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Opens the store that {@code wren.store} names. */
@Configuration(proxyBeanMethods = false)
class StoreConfiguration {

    @Bean(destroyMethod = "close")
    ObjectStore objectStore(@Value("${wren.store:data}") String location, List<StoreKind> kinds,
            MeterRegistry metrics) {
        StoreKind kind = kinds.stream().filter(each -> each.accepts(location)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("wren.store: " + location + " is not "
                        + kinds.stream().map(StoreKind::form).sorted().collect(Collectors.joining(" or "))));
        return new MeteredObjectStore(kind.open(location), metrics);
    }

    /** Asked for by all that reads or writes callsets, so that nothing is done with a store that cannot be read. */
    @Bean
    StoreFormat storeFormat(ObjectStore store, @Value("${wren.gateways.shards:16}") int shards) {
        return StoreFormat.of(store, shards);
    }
}
