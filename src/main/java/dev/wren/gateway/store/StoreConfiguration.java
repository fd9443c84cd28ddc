package dev.wren.gateway.store;

import dev.wren.gateway.store.file.FileObjectStore;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** Opens the store that {@code wren.store} names: a folder. */
@Configuration(proxyBeanMethods = false)
class StoreConfiguration {

    @Bean(destroyMethod = "close")
    ObjectStore objectStore(@Value("${wren.store:data}") String location, MeterRegistry metrics) {
        if (location.contains("://")) {
            throw new IllegalArgumentException(
                    "wren.store: a folder, not " + location + ": this version has no other store");
        }
        return new MeteredObjectStore(FileObjectStore.open(Path.of(location)), metrics);
    }
}
