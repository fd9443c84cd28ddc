package dev.wren.gateway.security;

import dev.wren.gateway.web.Tenant;
import dev.wren.gateway.web.problem.ProblemException;
import dev.wren.gateway.web.problem.ProblemType;
import dev.wren.gateway.web.problem.ProblemWriter;
import dev.wren.protocol.ObjectKeys;
import dev.wren.protocol.Sha256;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Finds the tenant of a request, or refuses it. Without keys only this machine may call, and no page of another site
 * may make its visitor's browser do it. Safe for use by several threads.
 */
final class ApiKeys extends OncePerRequestFilter {

    /** Who has changed what: a log of its own name, so that it can be sent elsewhere. */
    private static final Logger audit = LoggerFactory.getLogger("dev.wren.audit");
    private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
    private static final String BEARER = "Bearer ";
    private static final List<String> OPEN = List.of("/swagger-ui", "/v3/api-docs", "/error", "/actuator");

    /** The web page, which asks for a key itself: these paths exactly, and all parts under the other. */
    private static final Set<String> PAGE = Set.of("/", "/index.html");
    private static final String PAGE_PARTS = "/ui/";

    private final List<SecuritySettings.Key> keys;

    private final List<String> allowedOrigins;

    ApiKeys(List<SecuritySettings.Key> keys, List<String> allowedOrigins) {
        this.keys = List.copyOf(keys);
        this.allowedOrigins = List.copyOf(allowedOrigins);
    }

    @Override
    protected void doFilterInternal(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws ServletException, IOException {
        Optional<ProblemException> refusal = keys.isEmpty() ? strangers(request) : Optional.empty();
        if (refusal.isPresent()) {
            ProblemWriter.write(response, refusal.get());
            return;
        }
        SecuritySettings.Key key = key(request.getHeader(HttpHeaders.AUTHORIZATION));
        String tenant = keys.isEmpty() ? ObjectKeys.DEFAULT_TENANT : key == null ? null : key.tenant();
        if (tenant == null && !isOpen(request.getRequestURI())) {
            response.setHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
            ProblemWriter.write(response, new ProblemException(ProblemType.UNAUTHORIZED,
                    "Send an API key: Authorization: Bearer <key>."));
            return;
        }
        if (tenant != null) {
            request.setAttribute(Tenant.ATTRIBUTE, tenant);
        }
        chain.doFilter(request, response);
        if (key != null) {
            audit(key, request, response.getStatus());
        }
    }

    /** One line for each change, and none for what was refused: a client without a key writes nothing. */
    private static void audit(SecuritySettings.Key key, HttpServletRequest request, int status) {
        String method = request.getMethod();
        if (status < HttpStatus.BAD_REQUEST.value() && !READS.contains(method)
                && !request.getRequestURI().equals("/wait")) {
            audit.info("key {} of tenant {}: {} {} {}", key.name(), key.tenant(), method, request.getRequestURI(),
                    status);
        }
    }

    private static boolean isOpen(String path) {
        return isPage(path) || OPEN.stream().anyMatch(path::startsWith);
    }

    /** Whether a path is the web page's, or of a part of it. */
    static boolean isPage(String path) {
        return PAGE.contains(path) || path.startsWith(PAGE_PARTS);
    }

    /** The key in a header, or null if it is none. Every key is compared, each in constant time. */
    private SecuritySettings.@Nullable Key key(@Nullable String header) {
        if (header == null || !header.regionMatches(true, 0, BEARER, 0, BEARER.length())) {
            return null;
        }
        byte[] hash = Sha256.hash(header.substring(BEARER.length()).strip());
        SecuritySettings.Key found = null;
        for (SecuritySettings.Key key : keys) {
            if (MessageDigest.isEqual(key.hash(), hash)) {
                found = key;
            }
        }
        return found;
    }

    /** Refuses what a browser sends for a page of another site, also when that site's name leads to this machine. */
    private Optional<ProblemException> strangers(HttpServletRequest request) {
        String host = request.getServerName();
        if (!isLoopback(host)) {
            return Optional.of(new ProblemException(ProblemType.NOT_ALLOWED,
                    "Without API keys the gateway answers to localhost only, not to " + host + "."));
        }
        String origin = request.getHeader(HttpHeaders.ORIGIN);
        if (origin != null && !isSame(origin, request) && !allowedOrigins.contains(origin)) {
            return Optional.of(new ProblemException(ProblemType.NOT_ALLOWED,
                    "Without API keys the gateway does not answer to pages of other sites."));
        }
        return Optional.empty();
    }

    /**
     * Whether a host is this machine whatever a name server says: the name {@code localhost} or a literal address. A
     * name such as {@code 127.attacker.example} is a legal one, and may lead here too.
     */
    private static boolean isLoopback(String host) {
        if (host.equalsIgnoreCase("localhost")) {
            return true;
        }
        try {
            return InetAddress.ofLiteral(host).isLoopbackAddress();
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static boolean isSame(String origin, HttpServletRequest request) {
        try {
            URI uri = URI.create(origin);
            return request.getScheme().equalsIgnoreCase(uri.getScheme())
                    && request.getServerName().equalsIgnoreCase(uri.getHost()) && request.getServerPort() == port(uri);
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    /** An origin names no port where it is its scheme's own (RFC 6454, section 6.2). */
    private static int port(URI origin) {
        if (origin.getPort() >= 0) {
            return origin.getPort();
        }
        return "https".equalsIgnoreCase(origin.getScheme()) ? 443 : 80;
    }
}
