package dev.wren.gateway.startup;

import dev.wren.gateway.shard.Gateways;
import dev.wren.gateway.shard.GatewaysSettings;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.stereotype.Component;

/** Tells the other gateways where this one is reached, once it listens. */
@Component
final class OwnAddress {

    private static final Logger log = LoggerFactory.getLogger(OwnAddress.class);
    private static final String MANAGEMENT = "management";

    private final Gateways gateways;
    private final GatewaysSettings settings;
    private final Environment environment;

    OwnAddress(Gateways gateways, GatewaysSettings settings, Environment environment) {
        this.gateways = gateways;
        this.settings = settings;
        this.environment = environment;
    }

    @EventListener
    void listens(WebServerInitializedEvent event) {
        if (MANAGEMENT.equals(event.getApplicationContext().getServerNamespace())) {
            return;
        }
        String configured = settings.address();
        if (configured != null) {
            gateways.listensAt(configured);
            return;
        }
        boolean secure = environment.getProperty("server.ssl.enabled", Boolean.class, true)
                && (environment.containsProperty("server.ssl.bundle")
                        || environment.containsProperty("server.ssl.key-store")
                        || environment.containsProperty("server.ssl.certificate"));
        try {
            gateways.listensAt((secure ? "https://" : "http://") + host() + ":" + event.getWebServer().getPort());
        } catch (UnknownHostException e) {
            log.error("this machine's own address is not known, and other gateways cannot pass requests on to it; set"
                    + " wren.gateways.address: {}", e.getMessage());
        }
    }

    /** The address that it listens on; where that is every one, the machine's. */
    private String host() throws UnknownHostException {
        String listens = environment.getProperty("server.address");
        InetAddress address = listens == null ? null : InetAddress.getByName(listens);
        if (address == null || address.isAnyLocalAddress()) {
            address = InetAddress.getLocalHost();
        }
        return address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
    }
}
