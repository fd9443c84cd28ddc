package archfixture.worker;

/** Breaks: workers do not name the gateway, and have no Spring. */
public class NamesGateway {
    archfixture.gateway.page.Page page;
    org.springframework.util.unit.DataSize size;
}
