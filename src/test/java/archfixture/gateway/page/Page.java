package archfixture.gateway.page;

/**
 * Breaks: the gateway does not name workers, web parts stay in web, time comes from a clock, the local
 * executor, waits are measured by a ticker, nobody sleeps.
 */
public class Page {
    archfixture.worker.NamesGateway worker;
    org.springframework.web.bind.annotation.RequestMethod method;
    archfixture.gateway.executor.local.Local local;
    java.time.Instant now = java.time.Instant.now();
    long nanos = System.nanoTime();

    void sleep() throws InterruptedException {
        java.util.concurrent.TimeUnit.SECONDS.sleep(1);
    }
}
