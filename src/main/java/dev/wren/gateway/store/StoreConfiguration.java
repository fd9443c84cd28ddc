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
        ObjectStore store = kind.open(location);
        boolean readable = false;
        try {
            StoreFormat.check(store);
            readable = true;
            return new MeteredObjectStore(store, metrics);
        } finally {
            if (!readable) {
                store.close();
            }
        }
    }
}
