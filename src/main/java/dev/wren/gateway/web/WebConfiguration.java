package dev.wren.gateway.web;

import dev.wren.gateway.limits.Heap;
import dev.wren.gateway.web.problem.ProblemValve;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.catalina.core.StandardHost;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpHeaders;
import org.springframework.util.DigestUtils;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.CorsConfigurationSource;
import org.springframework.web.cors.UrlBasedCorsConfigurationSource;
import org.springframework.web.servlet.config.annotation.InterceptorRegistry;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;

/** What all controllers share. */
@Configuration(proxyBeanMethods = false)
class WebConfiguration implements WebMvcConfigurer {

    private static final int MAX_CONNECTIONS = 20_000;

    private final Shutdown shutdown;

    WebConfiguration(Shutdown shutdown) {
        this.shutdown = shutdown;
    }

    @Override
    public void addInterceptors(InterceptorRegistry registry) {
        registry.addInterceptor(shutdown);
        registry.addInterceptor(new StrictParameters());
    }

    /** Which pages of other sites may call: none, unless the configuration names their origins. */
    @Bean
    CorsConfigurationSource corsConfigurationSource(WebSettings settings) {
        UrlBasedCorsConfigurationSource source = new UrlBasedCorsConfigurationSource();
        if (!settings.allowedOrigins().isEmpty()) {
            CorsConfiguration cors = new CorsConfiguration();
            cors.setAllowedOrigins(settings.allowedOrigins());
            cors.setAllowedMethods(List.of("GET", "HEAD", "POST", "PUT", "DELETE"));
            cors.setAllowedHeaders(List.of("*"));
            cors.setExposedHeaders(List.of(HttpHeaders.LOCATION, HttpHeaders.LINK, HttpHeaders.RETRY_AFTER,
                    HttpHeaders.ETAG, HttpHeaders.WWW_AUTHENTICATE, "Preference-Applied"));
            cors.setMaxAge(Duration.ofHours(1));
            source.registerCorsConfiguration("/**", cors);
        }
        return source;
    }

    /** Browsers ask each time whether the page is still the same, and are told by its content, not by a jar's dates. */
    @Override
    public void addResourceHandlers(ResourceHandlerRegistry registry) {
        Map<String, String> tags = new ConcurrentHashMap<>();
        registry.addResourceHandler("/index.html", "/ui/**")
                .addResourceLocations("classpath:/static/", "classpath:/static/ui/")
                .setCacheControl(CacheControl.noCache())
                .setUseLastModified(false)
                .setEtagGenerator(file -> tags.computeIfAbsent(String.valueOf(file.getFilename()), _ -> digest(file)));
    }

    private static String digest(Resource file) {
        try (InputStream content = file.getInputStream()) {
            return "\"" + DigestUtils.md5DigestAsHex(content) + "\"";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** As many connections as the heap has room for while all are in use, unless it is configured otherwise. */
    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> connections(Environment environment) {
        return factory -> {
            if (!environment.containsProperty("server.tomcat.max-connections")) {
                factory.addConnectorCustomizers(connector -> connector.setProperty("maxConnections",
                        Integer.toString(Heap.orMany(0, 5, WebSettings.PARKED, MAX_CONNECTIONS))));
            }
        };
    }

    @Bean
    WebServerFactoryCustomizer<TomcatServletWebServerFactory> problemsOfTheServer() {
        return factory -> factory.addContextCustomizers(context -> {
            if (context.getParent() instanceof StandardHost host) {
                host.setErrorReportValveClass(ProblemValve.class.getName());
            }
        });
    }
}
