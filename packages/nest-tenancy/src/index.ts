export { TenantsModule, type TenantsModuleOptions } from './tenants.module.js';
