package dev.wren.worker.run;

import java.net.Authenticator;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.ResponseCache;
import java.security.Provider;
import java.security.Security;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.TimeZone;
import org.jspecify.annotations.Nullable;

/**
 * What a process has only once, and a function may have changed: as it was at the start, and back to that between
 * callsets. For the thread that runs the calls.
 */
final class ProcessState {

    private final Locale locale = Locale.getDefault();
    private final Locale display = Locale.getDefault(Locale.Category.DISPLAY);
    private final Locale format = Locale.getDefault(Locale.Category.FORMAT);
    private final TimeZone zone = TimeZone.getDefault();
    private final Properties properties = (Properties) System.getProperties().clone();
    private final Thread thread = Thread.currentThread();
    private final String threadName = thread.getName();
    private final int priority = thread.getPriority();
    private final @Nullable ClassLoader loader = thread.getContextClassLoader();
    private final Provider[] providers = Security.getProviders();
    private final @Nullable Authenticator authenticator = Authenticator.getDefault();
    private final @Nullable ProxySelector proxies = ProxySelector.getDefault();
    private final @Nullable CookieHandler cookies = CookieHandler.getDefault();
    private final @Nullable ResponseCache responses = ResponseCache.getDefault();

    /** Sets back what can be set back. Returns what cannot, in words, or null when all is as it was. */
    @Nullable
    @SuppressWarnings("ThreadPriorityCheck")
    String restore() {
        Locale.setDefault(locale);
        Locale.setDefault(Locale.Category.DISPLAY, display);
        Locale.setDefault(Locale.Category.FORMAT, format);
        if (!zone.equals(TimeZone.getDefault())) {
            TimeZone.setDefault((TimeZone) zone.clone());
        }
        if (!properties.equals(System.getProperties())) {
            System.setProperties((Properties) properties.clone());
        }
        Thread.setDefaultUncaughtExceptionHandler(null);
        thread.setUncaughtExceptionHandler(null);
        thread.setContextClassLoader(loader);
        if (!thread.getName().equals(threadName)) {
            thread.setName(threadName);
        }
        if (thread.getPriority() != priority) {
            thread.setPriority(priority);
        }
        if (!Arrays.equals(providers, Security.getProviders())) {
            return "a function has changed the security providers";
        }
        if (!Objects.equals(Authenticator.getDefault(), authenticator)
                || !Objects.equals(ProxySelector.getDefault(), proxies)
                || !Objects.equals(CookieHandler.getDefault(), cookies)
                || !Objects.equals(ResponseCache.getDefault(), responses)) {
            return "a function has changed a default of java.net";
        }
        return null;
    }
}
