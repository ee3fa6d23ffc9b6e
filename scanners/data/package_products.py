"""Which package of which registry, and which CPE name, is which product of our data sets (own table)."""

from collections.abc import Mapping

DISTRIBUTIONS = frozenset({"deb", "rpm", "apk", "alpm", "ebuild"})  # they mend holes without a new version

# ---- libraries of RetireJS, by their name there

NPM: Mapping[str, str] = {
    "alasql": "AlaSQL",
    "angular": "angularjs",
    "backbone": "backbone.js",
    "ckeditor4": "ckeditor",
    "datatables.net": "jquery.datatables",
    "dompurify": "DOMPurify",
    "easyxdm": "easyXDM",
    "ember-source": "ember",
    "froala-editor": "froala",
    "jplayer": "jPlayer",
    "moment": "moment.js",
    "mustache": "mustache.js",
    "next": "nextjs",
    "pdfjs-dist": "pdf.js",
    "tinymce": "tinyMCE",
    "underscore": "underscore.js",
    "yui": "YUI",
}
# npm has something else under these names, or nothing.
NOT_NPM = frozenset({*NPM.values(), "DWR", "ExtJS", "flowplayer", "pendo", "plupload", "prototypejs", "sessvars"})
NUGET: Mapping[str, str] = {
    "angularjs.core": "angularjs",
    "bootstrap": "bootstrap",
    "jquery": "jquery",
    "jquery.ui.combined": "jquery-ui",
    "jquery.validation": "jquery-validation",
    "knockoutjs": "knockout",
    "moment.js": "moment.js",
}
WEBJARS = frozenset({"org.webjars", "org.webjars.npm", "org.webjars.bower"})

# ---- software of our tables of weaknesses and lifecycles, by its name there (of endoflife.date, where ours has none)

PACKAGES: Mapping[tuple[str, str], str] = {
    ("composer", "drupal/core"): "drupal",
    ("composer", "laravel/framework"): "laravel",
    ("composer", "symfony/symfony"): "symfony",
    ("composer", "typo3/cms-core"): "typo3",
    ("gem", "rails"): "rails",
    ("maven", "log4j/log4j"): "log4j",
    ("maven", "org.apache.logging.log4j/log4j-core"): "log4j",
    ("maven", "org.apache.tomcat/tomcat"): "apache tomcat",
    ("maven", "org.apache.tomcat/tomcat-catalina"): "apache tomcat",
    ("maven", "org.apache.tomcat.embed/tomcat-embed-core"): "apache tomcat",
    ("maven", "org.eclipse.jetty/jetty-server"): "jetty",
    ("maven", "org.springframework/spring-core"): "spring-framework",
    ("maven", "org.springframework.boot/spring-boot"): "spring-boot",
    ("npm", "@angular/core"): "angular",
    ("npm", "angular"): "angularjs",
    ("npm", "bootstrap"): "bootstrap",
    ("npm", "electron"): "electron",
    ("npm", "jquery"): "jquery",
    ("npm", "next"): "nextjs",
    ("npm", "react"): "react",
    ("npm", "vue"): "vue",
    ("nuget", "jquery"): "jquery",
    ("nuget", "bootstrap"): "bootstrap",
    ("pypi", "django"): "django",
    **{
        (kind, name): product
        for kind in ("generic", "conan", "github")
        for name, product in {
            "openssl": "openssl",
            "openssl/openssl": "openssl",
            "nginx": "nginx",
            "nginx/nginx": "nginx",
            "php": "php",
            "php/php-src": "php",
            "python": "python",
            "python/cpython": "python",
            "cpython": "python",
            "httpd": "apache",
            "node": "nodejs",
            "nodejs/node": "nodejs",
        }.items()
    },
}
PLATFORMS: Mapping[tuple[str, str], str] = {
    ("angular", "angular"): "angular",
    ("angularjs", "angularjs"): "angularjs",
    ("angularjs", "angular.js"): "angularjs",
    ("apache", "http_server"): "apache",
    ("apache", "log4j"): "log4j",
    ("apache", "tomcat"): "apache tomcat",
    ("canonical", "ubuntu_linux"): "ubuntu",
    ("centos", "centos"): "centos",
    ("debian", "debian_linux"): "debian",
    ("djangoproject", "django"): "django",
    ("drupal", "drupal"): "drupal",
    ("eclipse", "jetty"): "jetty",
    ("elastic", "elasticsearch"): "elasticsearch",
    ("electronjs", "electron"): "electron",
    ("f5", "nginx"): "nginx",
    ("jenkins", "jenkins"): "jenkins",
    ("joomla", "joomla!"): "joomla",
    ("jquery", "jquery"): "jquery",
    ("mariadb", "mariadb"): "mariadb",
    ("microsoft", ".net"): "dotnet",
    ("microsoft", "internet_information_services"): "microsoft-iis",
    ("mongodb", "mongodb"): "mongodb",
    ("mysql", "mysql"): "mysql",
    ("nginx", "nginx"): "nginx",
    ("nodejs", "node.js"): "nodejs",
    ("openssl", "openssl"): "openssl",
    ("oracle", "mysql"): "mysql",
    ("php", "php"): "php",
    ("postgresql", "postgresql"): "postgresql",
    ("python", "python"): "python",
    ("qt", "qt"): "qt",
    ("redhat", "enterprise_linux"): "rhel",
    ("redis", "redis"): "redis",
    ("rubyonrails", "rails"): "rails",
    ("typo3", "typo3"): "typo3",
    ("vmware", "spring_framework"): "spring-framework",
}
# What JavaScript libraries are called in CPE names.
SCRIPTS: Mapping[tuple[str, str], str] = {
    ("angularjs", "angularjs"): "angularjs",
    ("angularjs", "angular.js"): "angularjs",
    ("getbootstrap", "bootstrap"): "bootstrap",
    ("handlebarsjs", "handlebars"): "handlebars",
    ("jquery", "jquery"): "jquery",
    ("jqueryui", "jquery_ui"): "jquery-ui",
    ("lodash", "lodash"): "lodash",
    ("momentjs", "moment"): "moment.js",
    ("underscorejs", "underscore"): "underscore.js",
}
# What CISA calls a product that packages call otherwise: name of the package -> vendor and product there.
LISTED: Mapping[str, tuple[str, str]] = {
    "log4j-core": ("apache", "log4j2"),
    "struts2-core": ("apache", "struts"),
    "spring-webmvc": ("vmware", "spring framework"),
    "tomcat-embed-core": ("apache", "tomcat"),
}
