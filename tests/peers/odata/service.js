// What CAP leaves to the application: a key that is taken is a conflict, not a failure of the server.

const cds = require('@sap/cds')

module.exports = class ShopService extends cds.ApplicationService {
  init() {
    this.on('error', error => {
      if (!error.message?.startsWith('UNIQUE constraint failed')) return
      Object.assign(error, { status: 409, code: 'ENTITY_ALREADY_EXISTS', message: 'ENTITY_ALREADY_EXISTS' })
    })
    return super.init()
  }
}
