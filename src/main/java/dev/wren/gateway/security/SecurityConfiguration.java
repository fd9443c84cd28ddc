package dev.wren.gateway.security;

import dev.wren.gateway.limits.TenantShare;
import dev.wren.gateway.web.WebSettings;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.security.web.access.intercept.AuthorizationFilter;
import org.springframework.security.web.firewall.HttpFirewall;
import org.springframework.security.web.firewall.StrictHttpFirewall;
import org.springframework.security.web.header.writers.ContentSecurityPolicyHeaderWriter;
import org.springframework.security.web.header.writers.DelegatingRequestMatcherHeaderWriter;
import org.springframework.security.web.header.writers.ReferrerPolicyHeaderWriter.ReferrerPolicy;

/** Puts the keys before everything, and refuses to start without any where others could call. */
@Configuration(proxyBeanMethods = false)
class SecurityConfiguration {

    /** Nothing but the page's own files, no script or style in its text, and no HTML made from strings. */
    private static final String PAGE_POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none';"
            + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script';"
            + " trusted-types 'none'";

    SecurityConfiguration(SecuritySettings settings, @Value("${server.address:}") @Nullable InetAddress address) {
        if (settings.keys().isEmpty() && (address == null || !address.isLoopbackAddress())) {
            throw new IllegalStateException("Without API keys the gateway listens on loopback only, and server.address"
                    + " is " + (address == null ? "every address" : address.getHostAddress())
                    + ". Set wren.security.keys[0].name and wren.security.keys[0].sha256 (the SHA-256 of a key, in"
                    + " hex), or server.address=127.0.0.1.");
        }
    }

    @Bean
    TenantShare tenantShare(SecuritySettings settings) {
        return new TenantShare(settings.keys().stream().map(SecuritySettings.Key::tenant).distinct().count() > 1
                ? settings.tenantShare()
                : 1);
    }

    /** Methods that nobody has heard of are refused like all others that are not there: by 405. */
    @Bean
    HttpFirewall firewall() {
        StrictHttpFirewall firewall = new StrictHttpFirewall();
        firewall.setUnsafeAllowAnyHttpMethod(true);
        return firewall;
    }

    @Bean
    SecurityFilterChain security(HttpSecurity http, SecuritySettings settings, WebSettings web) {
        return http.csrf(AbstractHttpConfigurer::disable)
                .formLogin(AbstractHttpConfigurer::disable)
                .httpBasic(AbstractHttpConfigurer::disable)
                .logout(AbstractHttpConfigurer::disable)
                .anonymous(AbstractHttpConfigurer::disable)
                .requestCache(AbstractHttpConfigurer::disable)
                .sessionManagement(session -> session.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
                .headers(headers -> headers.referrerPolicy(referrer -> referrer.policy(ReferrerPolicy.NO_REFERRER))
                        .addHeaderWriter(new DelegatingRequestMatcherHeaderWriter(
                                request -> ApiKeys.isPage(request.getRequestURI()),
                                new ContentSecurityPolicyHeaderWriter(PAGE_POLICY))))
                .authorizeHttpRequests(requests -> requests.anyRequest().permitAll())
                // Before the keys: a browser asks without one whether it may send it.
                .cors(Customizer.withDefaults())
                .addFilterBefore(new ApiKeys(settings.keys(), web.allowedOrigins()), AuthorizationFilter.class)
                .build();
    }
}
