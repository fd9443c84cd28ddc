package dev.wren.gateway;

import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Clock;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Bean;

/** The gateway's main class. */
@SpringBootApplication(proxyBeanMethods = false)
@ConfigurationPropertiesScan
public class WrenGateway {

    /** Starts the gateway. */
    public static void main(String[] arguments) {
        SpringApplication.run(WrenGateway.class, arguments);
    }

    @Bean
    Clock clock() {
        return Clock.systemUTC();
    }

    /** Time that only goes forward: waits and deadlines are measured by it. */
    @Bean
    Ticker ticker() {
        return Ticker.systemTicker();
    }
}
